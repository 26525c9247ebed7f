"""Rows for what TikTok answers to a call: OAuth categories and error codes.

Source: TikTok's error pages for OAuth and API v2, and the error tables of creator_info, video/init,
inbox/video/init, content/init, status/fetch and cancel; `invalid_params` and `non_sandbox_target` were seen
in live answers only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from subiteya.tiktok.error_row import CALLS, INITS, Button, Kind, Place, Row

_OAUTH: Final = frozenset({Place.OAUTH})
_CANCEL: Final = frozenset({Place.CANCEL})
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

_ATTENTION, _FINAL, _OURS, _RETRY, _WAIT = Kind.ATTENTION, Kind.FINAL, Kind.OURS, Kind.RETRY, Kind.WAIT


def _row(code: str, kind: Kind, en: str, es: str, button: Button | None = None) -> Row:
    return Row(code, _OAUTH, kind, en, es, button)


_OAUTH_ROWS: Final = (
    _row(
        "access_denied",
        _ATTENTION,
        "You did not allow the access. Connect the account again and accept the permissions.",
        "No diste el permiso. Vuelve a conectar la cuenta y acepta los permisos.",
        Button.RECONNECT,
    ),
    _row(
        "invalid_grant",
        _ATTENTION,
        "The connection to TikTok has ended. Connect the account again; posts and patterns stay.",
        "La conexión con TikTok terminó. Vuelve a conectar la cuenta; publicaciones y patrones se conservan.",
        Button.RECONNECT,
    ),
    _row(
        "non_sandbox_target",
        _ATTENTION,
        "This TikTok app is still in its sandbox and this account is not on its list of testers.",
        "Esta app de TikTok sigue en modo de pruebas y esta cuenta no está en su lista de probadores.",
        Button.RECONNECT,
    ),
    _row(
        "invalid_client",
        _OURS,
        "TikTok does not accept this installation's client key or secret. Its operator must correct them.",
        "TikTok no acepta la clave o el secreto de esta instalación. Quien la administra debe corregirlos.",
    ),
    _row(
        "invalid_request",
        _OURS,
        "TikTok could not use our sign-in request. The operator of this installation should look at it.",
        "TikTok no pudo usar nuestra solicitud de acceso. Quien administra esta instalación debe revisarla.",
    ),
    _row(
        "invalid_scope",
        _OURS,
        "This TikTok app has not been approved for the permissions that we ask for.",
        "Esta app de TikTok no tiene aprobados los permisos que pedimos.",
    ),
    _row(
        "unauthorized_client",
        _OURS,
        "This TikTok app may not sign people in yet. Its operator must finish its set-up at TikTok.",
        "Esta app de TikTok aún no puede conectar cuentas. Quien administra debe terminar de configurarla.",
    ),
    _row(
        "unsupported_grant_type",
        _OURS,
        "TikTok does not know the way in which we asked for access. That is a fault of ours.",
        "TikTok no conoce la forma en que pedimos el acceso. Es una falla nuestra.",
    ),
    _row(
        "unsupported_response_type",
        _OURS,
        "TikTok does not know the kind of answer that we asked for. That is a fault of ours.",
        "TikTok no conoce el tipo de respuesta que pedimos. Es una falla nuestra.",
    ),
    _row(
        "server_error",
        _RETRY,
        "TikTok's sign-in has a problem right now. We try again.",
        "El acceso de TikTok tiene un problema en este momento. Lo intentamos de nuevo.",
    ),
    _row(
        "temporarily_unavailable",
        _RETRY,
        "TikTok's sign-in is not available right now. We try again.",
        "El acceso de TikTok no está disponible en este momento. Lo intentamos de nuevo.",
    ),
)

_EVERY_CALL_ROWS: Final = (
    Row(
        "access_token_invalid",
        CALLS,
        _ATTENTION,
        "TikTok no longer accepts this account's access. Connect the account again.",
        "TikTok ya no acepta el acceso de esta cuenta. Vuelve a conectarla.",
        Button.RECONNECT,
    ),
    Row(
        "scope_not_authorized",
        CALLS,
        _ATTENTION,
        "A permission is missing. Connect the account again and leave all permissions ticked.",
        "Falta un permiso. Vuelve a conectar la cuenta y deja marcados todos los permisos.",
        Button.RECONNECT,
    ),
    Row(
        "scope_permission_missed",
        CALLS,
        _ATTENTION,
        "A permission for this information is missing. Connect the account again and accept it.",
        "Falta un permiso para esta información. Vuelve a conectar la cuenta y acéptalo.",
        Button.RECONNECT,
    ),
    Row(
        "rate_limit_exceeded",
        CALLS,
        _WAIT,
        "TikTok asks us to slow down. We go on in a minute.",
        "TikTok nos pide ir más despacio. Seguimos en un minuto.",
        wait=_MINUTE,
    ),
    Row(
        "internal_error",
        CALLS,
        _RETRY,
        "TikTok has a problem right now. We try again.",
        "TikTok tiene un problema en este momento. Lo intentamos de nuevo.",
    ),
    *(
        # The documentation spells it one way, live answers the other.
        Row(
            code,
            CALLS,
            _OURS,
            "TikTok could not use our request. That is a fault of ours.",
            "TikTok no pudo usar nuestra solicitud. Es una falla nuestra.",
        )
        for code in ("invalid_param", "invalid_params")
    ),
    Row(
        "invalid_file_upload",
        CALLS,
        _OURS,
        "TikTok could not use the way in which we sent the file. That is a fault of ours.",
        "TikTok no pudo usar la forma en que enviamos el archivo. Es una falla nuestra.",
    ),
)

_POSTING_ROWS: Final = (
    Row(
        "spam_risk_too_many_posts",
        frozenset({Place.CREATOR_INFO, Place.INIT, Place.PHOTO_INIT}),
        _WAIT,
        "TikTok takes no more posts from this account today. We go on as soon as there is room.",
        "TikTok no acepta más publicaciones de esta cuenta por hoy. Seguimos en cuanto haya lugar.",
        Button.OPEN_TIKTOK,
        wait=_HOUR,
        until_day_has_room=True,
    ),
    Row(
        "spam_risk_user_banned_from_posting",
        frozenset({Place.CREATOR_INFO, *INITS, Place.FAIL_REASON}),
        _FINAL,
        "TikTok has barred this account from posting. Look in the app for what it says.",
        "TikTok no permite que esta cuenta publique. Revisa en la app qué te indica.",
        Button.OPEN_TIKTOK,
    ),
    Row(
        "reached_active_user_cap",
        frozenset({Place.CREATOR_INFO, Place.INIT, Place.PHOTO_INIT}),
        _WAIT,
        "This TikTok app has reached the number of accounts that may post in a day. We ask again every hour.",
        "Esta app de TikTok llegó al número de cuentas que pueden publicar en un día. Probamos cada hora.",
        wait=_HOUR,
    ),
    Row(
        "unaudited_client_can_only_post_to_private_accounts",
        frozenset({Place.INIT, Place.PHOTO_INIT}),
        _ATTENTION,
        "Until TikTok has audited this app, your TikTok account itself must be private while we post. "
        "Switch it to private in the app, then try again.",
        "Mientras TikTok no audite esta app, tu cuenta de TikTok debe ser privada al publicar. "
        "Ponla en privado en la app y vuelve a intentarlo.",
        Button.OPEN_TIKTOK,
    ),
    Row(
        "privacy_level_option_mismatch",
        frozenset({Place.INIT, Place.PHOTO_INIT}),
        _ATTENTION,
        "TikTok no longer offers the chosen audience for this account. Choose again who may see the video.",
        "TikTok ya no ofrece esa audiencia para esta cuenta. Elige de nuevo quién puede ver el video.",
        Button.CHOOSE_PRIVACY,
    ),
    Row(
        "url_ownership_unverified",
        INITS,
        _OURS,
        "TikTok does not know the address that the video comes from. The operator must verify it at TikTok.",
        "TikTok no reconoce la dirección de donde viene el video. Quien administra debe verificarla allí.",
    ),
    Row(
        "spam_risk_too_many_pending_share",
        frozenset({Place.INBOX_INIT, Place.PHOTO_INIT}),
        _WAIT,
        "Five drafts wait in your TikTok inbox, and TikTok takes no more. Post or delete one in the app; "
        "we ask again every hour.",
        "Tienes cinco borradores en tu bandeja de TikTok y no acepta más. Publica o borra uno en la app; "
        "probamos cada hora.",
        Button.OPEN_TIKTOK,
        wait=_HOUR,
    ),
    Row(
        "app_version_check_failed",
        frozenset({Place.PHOTO_INIT}),
        _ATTENTION,
        "The TikTok app on your phone is too old for this. Update it, then try again.",
        "La app de TikTok de tu teléfono es demasiado antigua. Actualízala y vuelve a intentarlo.",
        Button.RETRY,
    ),
)

_AFTERWARDS_ROWS: Final = (
    Row(
        "invalid_publish_id",
        frozenset({Place.STATUS, Place.CANCEL}),
        _ATTENTION,
        "TikTok no longer knows this post. Look in the app whether the video is there before trying again.",
        "TikTok ya no reconoce esta publicación. Revisa en la app si el video está ahí antes de reintentar.",
        Button.OPEN_TIKTOK,
    ),
    Row(
        "token_not_authorized_for_specified_publish_id",
        frozenset({Place.STATUS, Place.CANCEL}),
        _ATTENTION,
        "This post was begun with another connection. Connect the same TikTok account again.",
        "Esta publicación se inició con otra conexión. Vuelve a conectar la misma cuenta de TikTok.",
        Button.RECONNECT,
    ),
    Row(
        "publish_not_cancellable",
        _CANCEL,
        _FINAL,
        "TikTok can no longer call this post off. Delete the video in the app if you do not want it.",
        "TikTok ya no puede cancelar esta publicación. Si no la quieres, borra el video en la app.",
        Button.OPEN_TIKTOK,
    ),
)

CALL_ROWS: Final = _OAUTH_ROWS + _EVERY_CALL_ROWS + _POSTING_ROWS + _AFTERWARDS_ROWS
"""Rows for answers to calls."""
