/** ToolHive's sections that this version reads and does not serve: `unserved.ts` refuses them when they are used. */
import type { z } from 'zod';
import type { DurationText } from './schema-fields.ts';
import { duration, flag, oneOf, optional, section, text, texts, wholeNumber } from './schema-fields.ts';

/** Transport security of the Redis connection. */
export interface RedisTlsSection {
  insecure_skip_verify?: boolean | undefined;
  ca_cert_file?: string | undefined;
}

const redisTlsSchema: z.ZodType<RedisTlsSection> = section<RedisTlsSection>({
  insecure_skip_verify: flag('Do not verify the certificate.'),
  ca_cert_file: text('File with the certificate authority.', '/run/secrets/redis-ca.pem'),
});

/** Sentinels that know the Redis master. */
export interface RedisSentinelSection {
  master_name?: string | undefined;
  sentinel_addrs?: string[] | undefined;
  db?: number | undefined;
}

/** User of Redis. */
export interface RedisUserSection {
  username_env_var?: string | undefined;
  password_env_var?: string | undefined;
}

/** Redis or Valkey as storage. */
export interface RedisSection {
  addr?: string | undefined;
  sentinel_config?: RedisSentinelSection | undefined;
  cluster_mode?: boolean | undefined;
  auth_type?: 'aclUser' | undefined;
  acl_user_config?: RedisUserSection | undefined;
  key_prefix?: string | undefined;
  dial_timeout?: DurationText | undefined;
  read_timeout?: DurationText | undefined;
  write_timeout?: DurationText | undefined;
  tls?: RedisTlsSection | undefined;
  sentinel_tls?: RedisTlsSection | undefined;
}

export const redisSchema: z.ZodType<RedisSection> = section<RedisSection>({
  addr: text('Host and port of a single server.', 'redis:6379'),
  sentinel_config: optional(
    section<RedisSentinelSection>({
      master_name: text('Name of the master.', 'main'),
      sentinel_addrs: texts('Hosts and ports of the sentinels.', ['sentinel-0:26379']),
      db: wholeNumber({ min: 0, max: 65_535 }, { description: 'Number of the database.', default: 0 }),
    }),
    'Sentinels that know the master.',
  ),
  cluster_mode: flag('The address is a seed of a cluster.'),
  auth_type: oneOf(['aclUser'], 'How to sign in at Redis.'),
  acl_user_config: optional(
    section<RedisUserSection>({
      username_env_var: text('Variable with the user name.', 'REDIS_USERNAME'),
      password_env_var: text('Variable with the password.', 'REDIS_PASSWORD'),
    }),
    'User of Redis.',
  ),
  key_prefix: text('What every key starts with.', 'thv:auth:{default:mcp}:'),
  dial_timeout: duration('How long connecting may take.', '5s'),
  read_timeout: duration('How long an answer may take.', '3s'),
  write_timeout: duration('How long sending may take.', '3s'),
  tls: optional(redisTlsSchema, 'Encrypt connections to the servers.'),
  sentinel_tls: optional(redisTlsSchema, 'Encrypt connections to the sentinels.'),
});
