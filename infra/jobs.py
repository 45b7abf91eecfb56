"""What jobs work by: roles of Bedrock's that read their rows, call models and write the output."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from evaldrop.evaluation.model_ids import model_arns
from infra.model_policies import let_use_models
from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT, RUNS, Storage

_OWN_BUCKETS = {"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}}


class Jobs(Construct):
    """The role of batch jobs. Bedrock alone takes it, and for jobs of this account alone."""

    KINDS: tuple[str, ...] = ("model-invocation-job",)
    DESCRIPTION = "evaldrop: Bedrock's batch jobs"
    MODEL_ACTIONS: tuple[str, ...] = ("bedrock:InvokeModel",)
    JOB_ACTIONS: tuple[str, ...] = ()

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        storage: Storage,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        # Without the source Bedrock would take it for whoever of another account names it.
        source = {**OF_THIS_ACCOUNT, "ArnEquals": {"aws:SourceArn": self._sources}}
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com", conditions=source),
            description=self.DESCRIPTION,
        )
        self._let_use_rows(storage)
        here = {"partition": Aws.PARTITION, "region": Aws.REGION, "account": Aws.ACCOUNT_ID}
        models = settings.models_in(settings.region)
        arns = list(dict.fromkeys(arn for model in models for arn in model_arns(model, **here)))
        let_use_models(self, self.role, list(self.MODEL_ACTIONS), arns)
        if self.JOB_ACTIONS:
            batch = _jobs_of("model-invocation-job")
            self._allow("JudgeInBatch", list(self.JOB_ACTIONS), batch, {})

    @property
    def arns(self) -> str:
        """ARN pattern of such jobs in this account and Region; a job's last part is Bedrock's to choose."""
        return _jobs_of(self.KINDS[0])

    @property
    def _sources(self) -> list[str]:
        return [_jobs_of(kind) for kind in self.KINDS]

    def _let_use_rows(self, storage: Storage) -> None:
        rows = f"{storage.output.bucket_arn}/{RUNS}/*"
        self._allow("ReadRowsAndWriteOutput", ["s3:GetObject", "s3:PutObject"], rows, _OWN_BUCKETS)
        # Listed by the job, which reads every file of a folder.
        listed = {**_OWN_BUCKETS, "StringLike": {"s3:prefix": f"{RUNS}/*"}}
        self._allow("ListRows", ["s3:ListBucket"], storage.output.bucket_arn, listed)
        if storage.key:
            self._allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], storage.key.key_arn, {})

    def _allow(
        self, sid: str, actions: list[str], resource: str, conditions: dict[str, dict[str, str]]
    ) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(sid=sid, actions=actions, resources=[resource], conditions=conditions)
        )


class EvaluationJobs(Jobs):
    """
    The role of evaluation jobs, in which Bedrock's own judge scores responses.

    The judge's calls are batch inference (user guide, "Service role requirements for judge jobs"). For which
    of the two jobs Bedrock then takes the role is not documented: for either, of this account.
    """

    KINDS = ("evaluation-job", "model-invocation-job")
    DESCRIPTION = "evaldrop: Bedrock's evaluation jobs"

    MODEL_ACTIONS = ("bedrock:InvokeModel", "bedrock:CreateModelInvocationJob")
    JOB_ACTIONS = ("bedrock:CreateModelInvocationJob", "bedrock:StopModelInvocationJob")


def prompt_jobs() -> str:
    """Return the ARN pattern of jobs that make prompts: they have no role, and do what their creator may."""
    return _jobs_of("advanced-prompt-optimization-job")


def _jobs_of(kind: str) -> str:
    return f"arn:{Aws.PARTITION}:bedrock:{Aws.REGION}:{Aws.ACCOUNT_ID}:{kind}/*"
