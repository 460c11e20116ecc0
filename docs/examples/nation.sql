-- In the nation's database, once, after `exam-office migrate` has made the schema there.
-- A row that comes a second time changes nothing that was received: a subscription may be made anew
-- with everything copied again. The same event with another content is kept in `conflict`.
CREATE FUNCTION nation_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stored text;
BEGIN
    SELECT e.hash INTO stored FROM public.event AS e
    WHERE (e.gate, e.epoch, e.seq, e.sitting) = (NEW.gate, NEW.epoch, NEW.seq, NEW.sitting);
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    IF stored <> NEW.hash THEN
        INSERT INTO public.conflict (gate, epoch, seq, prev, hash, event, received)
        VALUES (NEW.gate, NEW.epoch, NEW.seq, NEW.prev, NEW.hash, NEW.event, NEW.received)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- TG_ARGV: the columns of the key. The row that is there stays.
CREATE FUNCTION nation_first() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stored boolean;
    key text := array_to_string(TG_ARGV, ', ');
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I WHERE (%s) = ($1.%s))',
        TG_TABLE_SCHEMA, TG_TABLE_NAME, key, array_to_string(TG_ARGV, ', $1.'))
    INTO stored USING NEW;
    RETURN CASE WHEN stored THEN NULL ELSE NEW END;
END $$;

-- The row that comes replaces the one that is there.
CREATE FUNCTION nation_latest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DELETE FROM %I.%I WHERE (%s) = ($1.%s)',
        TG_TABLE_SCHEMA, TG_TABLE_NAME, array_to_string(TG_ARGV, ', '),
        array_to_string(TG_ARGV, ', $1.'))
    USING NEW;
    RETURN NEW;
END $$;

DO $$
DECLARE
    rule record;
    key text;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('event', 'event'), ('conflict', 'first'), ('signed_head', 'first'), ('gate_key', 'first'),
        ('receipt', 'first'), ('settlement', 'first'), ('command_target', 'first'),
        ('command_result', 'first'), ('mark', 'latest'), ('claim', 'latest'),
        ('gate_state', 'latest'), ('gate_said', 'latest'), ('command', 'latest'),
        ('alert', 'latest')
    ) AS r(name, kind) LOOP
        SELECT string_agg(quote_literal(a.attname), ', ') INTO key
        FROM pg_index AS i JOIN pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = rule.name::regclass AND i.indisprimary;
        EXECUTE format('CREATE TRIGGER nation_keeps BEFORE INSERT ON %I FOR EACH ROW '
            'EXECUTE FUNCTION nation_%s(%s)', rule.name, rule.kind, key);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER nation_keeps', rule.name);
    END LOOP;
END $$;
