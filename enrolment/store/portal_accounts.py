"""Signing in by phone: a code by SMS, few tries, and the account that the phone has."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from enrolment.errors import CodeRefused, TooOften
from enrolment.store.applications import Applications
from enrolment.store.chain import lock
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.portal_tables import accounts, codes

CODE_LASTS = timedelta(minutes=5)
CODE_EVERY = timedelta(seconds=60)
CODES_A_DAY = 10
TRIES = 5


def new_code(store: Applications, phone: str, at: datetime) -> str:
    """Six digits for `phone`; the earlier code ends. TooOften."""
    phone_key = store.media.keyed(store.round_id, phone)
    code, day = f"{secrets.randbelow(1_000_000):06d}", text_of(at)[:10]
    with writing(store.engine) as connection:
        lock(connection, store.round_id)
        known = connection.execute(select(codes).where(*_is(store, phone_key))).one_or_none()
        sent_today = known.sent_today if known is not None and known.day == day else 0
        if known is not None and known.sent_at > text_of(at - CODE_EVERY):
            raise TooOften(
                "A code was sent less than a minute ago: use it, or wait.",
                "一分钟内已发送过验证码：请使用该验证码或稍候。",
            )
        if sent_today >= CODES_A_DAY:
            raise TooOften(
                "This phone got its codes of today: try again tomorrow, or go to an office.",
                "今日验证码次数已用完：请明日再试，或前往现场确认点。",
            )
        connection.execute(delete(codes).where(*_is(store, phone_key)))
        connection.execute(
            insert(codes).values(
                round=store.round_id,
                phone_key=phone_key,
                code_key=store.media.keyed(store.round_id, code),
                sent_at=text_of(at),
                wrong=0,
                day=day,
                sent_today=sent_today + 1,
            )
        )
    return code


def account_of(store: Applications, phone: str, code: str, at: datetime) -> str:
    """The account of `phone`, made where there is none; the code is used up. CodeRefused."""
    phone_key = store.media.keyed(store.round_id, phone)
    said = store.media.keyed(store.round_id, code)
    with writing(store.engine) as connection:
        lock(connection, store.round_id)
        known = connection.execute(select(codes).where(*_is(store, phone_key))).one_or_none()
        usable = (
            known is not None
            and known.code_key != ""
            and known.wrong < TRIES
            and known.sent_at > text_of(at - CODE_LASTS)
        )
        fits = usable and known is not None and hmac.compare_digest(known.code_key, said)
        changed = {"code_key": ""} if fits else {"wrong": codes.c.wrong + 1}
        connection.execute(update(codes).where(*_is(store, phone_key)).values(**changed))
        if fits:
            return _account(connection, store, phone_key)
    raise CodeRefused(
        "The code is wrong or too old: look at the newest message, or ask for another code.",
        "验证码错误或已过期：请查看最新短信，或重新获取。",
    )


def application_of(store: Applications, account: str) -> str | None:
    """The application that the account has begun."""
    query = select(accounts.c.application).where(
        accounts.c.account == account, accounts.c.round == store.round_id
    )
    with reading(store.engine) as connection:
        return connection.execute(query).scalar_one_or_none()


def bind(store: Applications, account: str, application: str) -> str:
    """The account's application: `application`, or the one that another window began before."""
    with writing(store.engine) as connection:
        connection.execute(
            update(accounts)
            .where(accounts.c.account == account, accounts.c.application.is_(None))
            .values(application=application)
        )
    return application_of(store, account) or application


def move_to_phone(store: Applications, application: str, phone: str) -> None:
    """A lost number: staff have seen the card. The application is the account's of `phone`; the
    old number opens nothing any more. TooOften where `phone` has an application."""
    phone_key = store.media.keyed(store.round_id, phone)
    with writing(store.engine) as connection:
        lock(connection, store.round_id)
        held = connection.execute(
            select(accounts.c.application).where(
                accounts.c.round == store.round_id, accounts.c.phone_key == phone_key
            )
        ).one_or_none()
        if held is not None and held.application is not None:
            raise TooOften(
                "This phone has an application already: name another one.",
                "该手机号已有报名：请换一个号码。",
            )
        connection.execute(
            delete(accounts).where(
                accounts.c.round == store.round_id, accounts.c.phone_key == phone_key
            )
        )
        connection.execute(
            update(accounts)
            .where(accounts.c.application == application)
            .values(phone_key=phone_key, account=secrets.token_hex(8))
        )


def _account(connection: Connection, store: Applications, phone_key: str) -> str:
    found = connection.execute(
        select(accounts.c.account).where(
            accounts.c.round == store.round_id, accounts.c.phone_key == phone_key
        )
    ).scalar_one_or_none()
    if found is not None:
        return str(found)
    made = secrets.token_hex(8)
    connection.execute(
        insert(accounts).values(account=made, round=store.round_id, phone_key=phone_key)
    )
    return made


def _is(store: Applications, phone_key: str) -> tuple[ColumnElement[bool], ...]:
    return codes.c.round == store.round_id, codes.c.phone_key == phone_key
