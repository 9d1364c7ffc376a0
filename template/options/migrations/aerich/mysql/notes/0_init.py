from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS `notes` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `title` VARCHAR(200) NOT NULL,
    `body` LONGTEXT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    `updated_at` DATETIME(6) NOT NULL,
    `owner_id` BIGINT NOT NULL,
    CONSTRAINT `fk_notes_users_deb965f7` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='A short text that belongs to one person.';"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP TABLE IF EXISTS `notes`;"""


MODELS_STATE = (
    "eJztlm9P2zAQxr9KlFdM2qoqDMr2LpQC1aBFkG2IabLc+JpGJHZwLmor1O8+20maf1Un9g"
    "KNaW+i5Lk75/x73PSebS4Q0t5EXe3P1rPNaaxv6vJ7y6ZJshX1M9JZBA2FzlKU1EclzmmU"
    "gpIYpL4MEwwF16mulS6ERAthpS4LitYMIsGD1EJhCQ5WAjIVvKdXY8JXy4U8eGlhxsOnDA"
    "iKAHABUpX/+KnkkDNYqUaLx+SRzEOIWGPHIdMLGJ3gOjHaaRiMOZ6bXN3WjPgiymJe5Sdr"
    "XAi+LQg5ajUADpIi6DegzDQNnkVRQa0ElDdbpeRd1moYzGkWaaa6Om+g0mxCJlOP3I08Qu"
    "wO77KiRrKQfMG1V6rV1AAIdAsfPjnO4eHA6R8enxx9HAyOTvonKtf02w0NNnkzFa18KcNs"
    "fDGeeLohoQ5Efky0sDE1FGleZcyo6GOIEXQNGC6o3I1/W9ByQG2t7UDJe58FpVB5UB3j1z"
    "AhpisSAQ9woR6dfn8P4G/u7fDSvT1QWe+amCdFyMljmnhFeCbYugvYUz+q3YDL/H+C7x6c"
    "3ujenNY4TZ+iOsWDa/feAI7XReRqOrko02vUh1fT0xZsX4KGQyh2kZ+pCIYx7MberGzBZ0"
    "Vpr7x5g1bYaoNsyqN18Z3bZ834enTnudc3DX/OXG+kI07Dm1I9OG79KLaLWN/H3qWlH62H"
    "6WRk8IoUA2neWOV5D7buiWYoCBdLQlntk1yqJbWG61nC/tD1ZuV/1/8W10tGNduL7ivXxV"
    "I5QV46PtSrfj9EvAWHX22O0CPc/HHnGGGodo04FxLCgH+BtTFjrBqn3N81PlDfF5naUe9r"
    "Cm/4j65Sq0+XpMvt2Ns4fmr7DCLAfOJy74bu2cg2lGfUf1xSyUgDt44IR7SUbW43FDtxW6"
    "GcBoaO3sZm8wtOlPwc"
)
