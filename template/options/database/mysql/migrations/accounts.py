"""Accounts."""

# add table roles (id, name, description, permissions)
# add table login_failures (id, key_hash, window, count)
# add table tokens (id, kind, secret_hash, family, address, name, prefix, scopes, created_at, last_used_at, rotated_at, expires_at, revoked_at, owner_id)
# add table users (id, username, username_key, email, email_verified, password_hash, age, is_active, created_at, updated_at)
# add table user_roles (user_id, role_id)

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

from tortoise import BaseDBAsyncClient

FOLDER = Path(__file__).parents[1]
mysql_statements = SimpleNamespace(**run_path(str(FOLDER / "mysql_statements.py")))

PART = "accounts"
DIALECT = "mysql"
RUN_IN_TRANSACTION = False
MODELS_STATE = "eJyrrgUAAXUA+Q=="
ROLLBACK_DELETES = [
    ("roles", None),
    ("login_failures", None),
    ("tokens", None),
    ("users", None),
    ("user_roles", None),
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
            """CREATE TABLE `roles` (
                `id` int NOT NULL AUTO_INCREMENT,
                `name` varchar(50) COLLATE utf8mb4_bin NOT NULL,
                `description` varchar(200) COLLATE utf8mb4_bin NOT NULL,
                `permissions` json NOT NULL,
                PRIMARY KEY (`id`),
                UNIQUE KEY `name` (`name`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'A named set of permissions, such as `user:read`.'""",
            """CREATE TABLE `login_failures` (
                `id` bigint NOT NULL AUTO_INCREMENT,
                `key_hash` varchar(64) COLLATE utf8mb4_bin NOT NULL,
                `window` bigint NOT NULL,
                `count` int NOT NULL,
                PRIMARY KEY (`id`),
                UNIQUE KEY `uid_login_failu_key_has_fd2e71` (`key_hash`,`window`),
                KEY `idx_login_failu_window_90577f` (`window`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'The number of attempts with one key in one window of a rate limit.'""",
            """CREATE TABLE `tokens` (
                `id` bigint NOT NULL AUTO_INCREMENT,
                `kind` varchar(16) COLLATE utf8mb4_bin NOT NULL,
                `secret_hash` varchar(64) COLLATE utf8mb4_bin NOT NULL,
                `family` char(36) COLLATE utf8mb4_bin NOT NULL,
                `address` varchar(254) COLLATE utf8mb4_bin NOT NULL,
                `name` varchar(100) COLLATE utf8mb4_bin NOT NULL,
                `prefix` varchar(16) COLLATE utf8mb4_bin NOT NULL,
                `scopes` json NULL,
                `created_at` datetime(6) NOT NULL,
                `last_used_at` datetime(6) NULL,
                `rotated_at` datetime(6) NULL,
                `expires_at` datetime(6) NULL,
                `revoked_at` datetime(6) NULL,
                `owner_id` bigint NOT NULL,
                PRIMARY KEY (`id`),
                UNIQUE KEY `secret_hash` (`secret_hash`),
                KEY `idx_tokens_family_f37cee` (`family`),
                KEY `idx_tokens_expires_68fa67` (`expires_at`),
                KEY `idx_tokens_owner_i_be4439` (`owner_id`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'An opaque token, issued to its owner.'""",
            """CREATE TABLE `users` (
                `id` bigint NOT NULL AUTO_INCREMENT,
                `username` varchar(50) COLLATE utf8mb4_bin NOT NULL,
                `username_key` varchar(200) COLLATE utf8mb4_bin NOT NULL,
                `email` varchar(254) COLLATE utf8mb4_bin NOT NULL,
                `email_verified` tinyint(1) NOT NULL,
                `password_hash` varchar(255) COLLATE utf8mb4_bin NOT NULL,
                `age` smallint NULL,
                `is_active` tinyint(1) NOT NULL,
                `created_at` datetime(6) NOT NULL,
                `updated_at` datetime(6) NOT NULL,
                PRIMARY KEY (`id`),
                UNIQUE KEY `username_key` (`username_key`),
                UNIQUE KEY `email` (`email`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'An account.'""",
            """CREATE TABLE `user_roles` (
                `user_id` bigint NOT NULL,
                `role_id` int NOT NULL,
                UNIQUE KEY `uidx_user_roles_user_id_63f1a8` (`user_id`,`role_id`),
                KEY `role_id` (`role_id`)
            ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin""",
            "ALTER TABLE `tokens` ADD CONSTRAINT `fk_tokens_users_c7b23c8b` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE",
            "ALTER TABLE `user_roles` ADD CONSTRAINT `user_roles_user_id_fkey` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE",
            "ALTER TABLE `user_roles` ADD CONSTRAINT `user_roles_role_id_fkey` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE CASCADE",
        ])
    )


async def downgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await mysql_statements.run(db, __name__, "downgrade", [
            "ALTER TABLE `tokens` DROP FOREIGN KEY `fk_tokens_users_c7b23c8b`",
            "ALTER TABLE `user_roles` DROP FOREIGN KEY `user_roles_user_id_fkey`",
            "ALTER TABLE `user_roles` DROP FOREIGN KEY `user_roles_role_id_fkey`",
            "DROP TABLE `user_roles`",
            "DROP TABLE `users`",
            "DROP TABLE `tokens`",
            "DROP TABLE `login_failures`",
            "DROP TABLE `roles`",
        ])
    )
