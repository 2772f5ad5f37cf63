-- 20 posting: seals. A closed month is hashed: entries make blocks, blocks make a seal, each seal holds the digest of the one before.

-- One row a sealed closing of a month, numbered 1, 2, 3 … over all months in the order of sealing. No foreign keys: what is missing is for
-- verify_seal to find, and a restore may load in any order.
CREATE TABLE hospital_cost._seal (
	seal_id int PRIMARY KEY,
	period date NOT NULL,
	segment int NOT NULL,
	closing bigint NOT NULL,
	blocks int NOT NULL,
	entries bigint NOT NULL,
	previous bytea NOT NULL,
	digest bytea NOT NULL,
	sealed_at timestamptz NOT NULL,
	sealed_by text NOT NULL,
	UNIQUE (period, segment)
);

-- Up to 10,000 entries in the order of their numbers, by list: numbers are drawn a thousand at a time, so a range would hold other months' too.
CREATE TABLE hospital_cost._seal_block (
	seal_id int NOT NULL,
	block int NOT NULL,
	entry_ids bigint[] NOT NULL,
	row_digests bytea NOT NULL,
	content bytea NOT NULL,
	digest bytea NOT NULL,
	PRIMARY KEY (seal_id, block)
);
