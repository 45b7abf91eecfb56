"""What Tasks call: AWS SDK actions, and the optimised integrations of Bedrock, Lambda and SNS."""

from evaldrop.engine.integrations.bedrock import bedrock_invoke_model
from evaldrop.engine.integrations.functions import lambda_invoke
from evaldrop.engine.integrations.sdk import sdk_integration, sns_publish

__all__ = ["bedrock_invoke_model", "lambda_invoke", "sdk_integration", "sns_publish"]
