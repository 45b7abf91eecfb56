"""Functions in subnets of one's own, and the endpoints by which they reach AWS from there."""

from collections.abc import Iterable

from aws_cdk import Aws, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import Step
from infra.settings_parts import Network

_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
"""What Lambda does with a function's role to connect it (its guide, "VPC"; no ARNs are known beforehand)."""

_OF_THIS_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}},
        }
    ],
}
"""
Through an endpoint go requests of this account alone: nothing leaves by a stranger's keys. What each may do
its own policy says; others of the VPC share the endpoints.
"""


class PrivateNetwork(Construct):
    """Security groups and endpoints; by the L1s, for nothing is looked up in the account at synthesis."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        steps: Iterable[Step],
        network: Network,
    ) -> None:
        super().__init__(scope, id)
        self._network = network
        self._functions = self._group("Functions", "evaldrop: functions, which call AWS alone")
        self._functions.security_group_egress = [
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp", from_port=443, to_port=443, cidr_ip="0.0.0.0/0", description="AWS, by TLS"
            )
        ]
        self._make_endpoints()
        for step in steps:
            self._connect(step)

    def _group(self, name: str, description: str) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(self, name, group_description=description, vpc_id=self._network.vpc)

    def _make_endpoints(self) -> None:
        region, network = Stack.of(self).region, self._network
        if network.endpoints:
            group = self._group("Endpoints", "evaldrop: endpoints, which its functions call")
            group.security_group_ingress = [
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    source_security_group_id=self._functions.attr_group_id,
                    description="evaldrop's functions",
                )
            ]
            for service in network.endpoints:
                ec2.CfnVPCEndpoint(
                    self,
                    "".join(word.capitalize() for word in service.split("-")),
                    vpc_id=network.vpc,
                    vpc_endpoint_type="Interface",
                    service_name=f"com.amazonaws.{region}.{service}",
                    subnet_ids=list(network.subnets),
                    security_group_ids=[group.attr_group_id],
                    private_dns_enabled=True,
                    policy_document=_OF_THIS_ACCOUNT,
                )
        if network.route_tables:
            for target in ("s3", "dynamodb"):
                ec2.CfnVPCEndpoint(
                    self,
                    target.capitalize(),
                    vpc_id=network.vpc,
                    vpc_endpoint_type="Gateway",
                    service_name=f"com.amazonaws.{region}.{target}",
                    route_table_ids=list(network.route_tables),
                    policy_document=_OF_THIS_ACCOUNT,
                )

    def _connect(self, step: Step) -> None:
        function = step.function.node.default_child
        assert isinstance(function, lambda_.CfnFunction)
        function.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(self._network.subnets), security_group_ids=[self._functions.attr_group_id]
        )
        step.allow(_INTERFACES, ["*"])
        # Lambda itself does that before the function runs: its code may not.
        step.role.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=_INTERFACES,
                resources=["*"],
                conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            )
        )
