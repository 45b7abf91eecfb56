"""Functions in given subnets, and who is audited."""

import json

from tests.infra.synthesis import one, resources

SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]


def test_without_the_setting_no_function_is_in_a_network(template):
    for name, each in resources(template, "AWS::Lambda::Function").items():
        assert "VpcConfig" not in each["Properties"], name
    assert not resources(template, "AWS::EC2::VPCEndpoint")


def test_every_function_runs_in_the_given_subnets(full_template):
    functions = resources(full_template, "AWS::Lambda::Function")
    assert len(functions) == 13
    for name, each in functions.items():
        assert each["Properties"]["VpcConfig"]["SubnetIds"] == SUBNETS, name


def test_they_reach_aws_by_endpoints_and_nothing_reaches_them(full_template):
    endpoints = [each["Properties"] for each in resources(full_template, "AWS::EC2::VPCEndpoint").values()]
    of_kind = {
        kind: {json.dumps(each["ServiceName"]).rpartition(".")[2].strip('"]}') for each in endpoints
               if each["VpcEndpointType"] == kind}
        for kind in ("Interface", "Gateway")
    }  # fmt: skip
    assert of_kind["Interface"] == {
        "bedrock", "bedrock-runtime", "bedrock-agent-runtime", "states", "sns", "logs", "events"
    }  # fmt: skip
    assert of_kind["Gateway"] == {"s3", "dynamodb"}
    for each in endpoints:
        [statement] = each["PolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    functions = one(full_template, "AWS::EC2::SecurityGroup", "NetworkFunctions")
    assert "SecurityGroupIngress" not in functions
    [egress] = functions["SecurityGroupEgress"]
    assert (egress["FromPort"], egress["ToPort"]) == (443, 443)
    [ingress] = one(full_template, "AWS::EC2::SecurityGroup", "NetworkEndpoints")["SecurityGroupIngress"]
    assert "NetworkFunctions" in json.dumps(ingress["SourceSecurityGroupId"])


def test_a_functions_own_code_may_do_nothing_to_network_interfaces(full_template):
    denied, allowed = [], []
    for policy in resources(full_template, "AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if "ec2:CreateNetworkInterface" in statement["Action"]:
                (denied if statement["Effect"] == "Deny" else allowed).append(statement)
    assert len(denied) == len(allowed) == 13
    # CDK puts what else a role is allowed on everything into the same statement.
    of_interfaces = set.intersection(*(set(statement["Action"]) for statement in allowed))
    for statement in denied:
        assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
        assert set(statement["Action"]) == of_interfaces


def test_the_trail_has_the_objects_of_both_buckets_and_nothing_else(template, full_template):
    assert not resources(template, "AWS::CloudTrail::Trail")
    trail = one(full_template, "AWS::CloudTrail::Trail")
    [selector] = trail["AdvancedEventSelectors"]
    fields = {each["Field"]: each for each in selector["FieldSelectors"]}
    assert fields["eventCategory"]["Equals"] == ["Data"]
    for bucket in ("StorageInput", "StorageOutput"):
        assert bucket in json.dumps(fields["resources.ARN"]["StartsWith"])
    assert trail["EnableLogFileValidation"] is True
    assert "AuditLogs" in json.dumps(trail["S3BucketName"])


def test_nobody_else_writes_where_the_trail_is_kept(full_template):
    policy = one(full_template, "AWS::S3::BucketPolicy", "AuditLogs")["PolicyDocument"]["Statement"]
    allowed = [each for each in policy if each["Effect"] == "Allow"]
    assert {each["Principal"]["Service"] for each in allowed} == {"cloudtrail.amazonaws.com"}
    assert all("aws:SourceArn" in each["Condition"]["StringEquals"] for each in allowed)
