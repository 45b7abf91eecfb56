"""Who signs in to the page: a Cognito user pool, its hosted sign-in, and what a user may do by groups."""

from typing import get_args

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from evaldrop.store.model import Role
from infra.settings import Settings


class SignIn(Construct):
    """
    A pool that an administrator fills: nobody signs up by themselves.

    Attributes:
        told: What the page has to know: where to send a user, as which client, and where from; at the API's
            other address there are keys alone.
    """

    def __init__(self, scope: Construct, id: str, *, page: str, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id)
        assert settings.sign_in
        self.pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=settings.stack_name,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            # On whose account a user's runs go; by the administrator alone.
            custom_attributes={"customer": cognito.StringAttribute(max_len=100, mutable=True)},
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=not settings.delete_with_stack,
            removal_policy=RemovalPolicy.DESTROY if settings.delete_with_stack else RemovalPolicy.RETAIN,
        )
        for role in get_args(Role):
            cognito.CfnUserPoolGroup(
                self, role.capitalize(), user_pool_id=self.pool.user_pool_id, group_name=role
            )
        domain = self.pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=settings.sign_in.domain)
        )
        addresses = [page, *settings.sign_in.addresses]
        client = self.pool.add_client(
            "Page",
            # A page keeps no secret: the code that it gets is good with its own proof alone (PKCE).
            generate_secret=False,
            auth_flows=cognito.AuthFlow(),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=addresses,
                logout_urls=addresses,
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
            # A user must not choose their customer.
            write_attributes=cognito.ClientAttributes().with_standard_attributes(email=True),
            # By default no attribute of one's own is in a token.
            read_attributes=cognito.ClientAttributes()
            .with_standard_attributes(email=True, email_verified=True)
            .with_custom_attributes("customer"),
        )
        self.told = {
            "client_id": client.user_pool_client_id,
            "sign_in": domain.base_url(),
            "addresses": addresses,
        }
