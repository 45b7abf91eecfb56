"""What Tasks call: AWS SDK actions, and the optimised integrations of Bedrock, Lambda and SNS."""
