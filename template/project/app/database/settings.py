"""Settings of the database."""

from pydantic import SecretStr, field_validator

from app.database import driver


class DatabaseSettings(driver.PoolSettings):
    """The address of the database, and its connection pool."""

    database_url: SecretStr

    @field_validator("database_url")
    @classmethod
    def database_can_be_reached_by_its_driver(cls, url: SecretStr) -> SecretStr:
        """Refuse a URL that the driver cannot parse."""
        driver.credentials(url.get_secret_value())
        return url
