"""Settings of the database."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from app.database import urls

Seconds = Annotated[int, Field(ge=1, le=3600)]


class DatabaseSettings(urls.ServerSettings):
    """The addresses of the database, its connection pool, and the time limits of statements."""

    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    db_timeout_seconds: Seconds = 5
    command_timeout_seconds: Seconds = 60

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def database_can_be_reached_by_its_driver(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse a URL that the driver cannot parse."""
        if url is not None:
            urls.credentials(url.get_secret_value())
        return url

    @property
    def url_for_migrations(self) -> str:
        """The address that migrations use: it may have another role, or bypass a pooler."""
        return (self.migration_database_url or self.database_url).get_secret_value()
