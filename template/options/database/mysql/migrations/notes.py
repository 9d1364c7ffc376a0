"""Notes."""

# add table notes (id, title, body, created_at, updated_at, owner_id)

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

from tortoise import BaseDBAsyncClient

FOLDER = Path(__file__).parents[1]
mysql_statements = SimpleNamespace(**run_path(str(FOLDER / "mysql_statements.py")))

PART = "notes"
DIALECT = "mysql"
RUN_IN_TRANSACTION = False
MODELS_STATE = "eJyrrgUAAXUA+Q=="
ROLLBACK_DELETES = [
    ("notes", None),
]


async def upgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await mysql_statements.run(db, __name__, "upgrade", [
            """CREATE TABLE IF NOT EXISTS `aerich` (
                `id` INT NOT NULL PRIMARY KEY AUTO_INCREMENT,
                `version` VARCHAR(255) NOT NULL,
                `app` VARCHAR(100) NOT NULL,
                `content` JSON NOT NULL
            ) CHARACTER SET utf8mb4""",
            """CREATE TABLE `notes` (
                `id` bigint NOT NULL AUTO_INCREMENT,
                `title` varchar(200) COLLATE utf8mb4_bin NOT NULL,
                `body` longtext COLLATE utf8mb4_bin NOT NULL,
                `created_at` datetime(6) NOT NULL,
                `updated_at` datetime(6) NOT NULL,
                `owner_id` bigint NOT NULL,
                PRIMARY KEY (`id`),
                KEY `idx_notes_owner_i_871b33` (`owner_id`,`created_at`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'A text that belongs to one user.'""",
            "ALTER TABLE `notes` ADD CONSTRAINT `fk_notes_users_deb965f7` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE",
        ])
    )


async def downgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await mysql_statements.run(db, __name__, "downgrade", [
            "ALTER TABLE `notes` DROP FOREIGN KEY `fk_notes_users_deb965f7`",
            "DROP TABLE `notes`",
        ])
    )
