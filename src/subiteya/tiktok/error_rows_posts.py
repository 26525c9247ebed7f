"""Rows for what goes wrong after a publish has begun: while its bytes are sent, and when TikTok says FAILED.

Source: TikTok's media transfer guide (HTTP statuses of the upload address, which have no names there) and the
fail_reason table of status/fetch.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from subiteya.tiktok.error_row import Button, Kind, Place, Row

_TRANSFER: Final = frozenset({Place.TRANSFER})
_FAILED: Final = frozenset({Place.FAIL_REASON})
_DAY: Final = timedelta(hours=24)

_ATTENTION, _FINAL, _OURS, _RETRY, _WAIT = Kind.ATTENTION, Kind.FINAL, Kind.OURS, Kind.RETRY, Kind.WAIT

_TRANSFER_ROWS: Final = (
    Row(  # 400
        "upload_headers_refused",
        _TRANSFER,
        _OURS,
        "TikTok could not use a part of the video as we sent it. That is a fault of ours.",
        "TikTok no pudo usar una parte del video como la enviamos. Es una falla nuestra.",
    ),
    Row(  # 403
        "upload_url_expired",
        _TRANSFER,
        _RETRY,
        "Sending took longer than the hour that TikTok allows. We begin again.",
        "El envío tardó más de la hora que permite TikTok. Empezamos de nuevo.",
    ),
    Row(  # 404
        "upload_unknown",
        _TRANSFER,
        _ATTENTION,
        "TikTok no longer knows this upload. Look in the app whether the video is there before trying again.",
        "TikTok ya no reconoce este envío. Revisa en la app si el video está ahí antes de reintentar.",
        Button.CHECK_NOW,
    ),
    Row(  # 416
        "upload_position_unexpected",
        _TRANSFER,
        _RETRY,
        "TikTok and we disagreed about which part of the video comes next. We try again.",
        "TikTok y nosotros no coincidimos en qué parte del video sigue. Lo intentamos de nuevo.",
    ),
    Row(  # 5xx
        "upload_server_error",
        _TRANSFER,
        _RETRY,
        "TikTok had a problem while it received the video. We send that part again.",
        "TikTok tuvo un problema al recibir el video. Enviamos esa parte de nuevo.",
    ),
    Row(
        "upload_interrupted",
        _TRANSFER,
        _RETRY,
        "The connection to TikTok was cut while sending. We send that part again.",
        "La conexión con TikTok se cortó durante el envío. Enviamos esa parte de nuevo.",
    ),
    Row(
        "upload_answer_unexpected",
        _TRANSFER,
        _ATTENTION,
        "TikTok gave an answer to the upload that we do not know. Look in the app before trying again.",
        "TikTok dio al envío una respuesta que no conocemos. Revisa en la app antes de reintentar.",
        Button.CHECK_NOW,
    ),
    Row(
        "upload_host_not_allowed",
        _TRANSFER,
        _OURS,
        "We were told to send the video to an address that is not TikTok's, and did not do so.",
        "Nos indicaron enviar el video a una dirección que no es de TikTok, y no lo hicimos.",
    ),
    Row(
        "source_ended_early",
        _TRANSFER,
        _RETRY,
        "The file storage broke off while we were sending. We send that part again.",
        "El almacenamiento se cortó durante el envío. Enviamos esa parte de nuevo.",
    ),
    Row(
        "source_too_long",
        _TRANSFER,
        _OURS,
        "The file storage gave more than the part of the video that we asked for. That is a fault of ours.",
        "El almacenamiento entregó más que la parte del video que pedimos. Es una falla nuestra.",
    ),
)

_FILE_ROWS: Final = (
    Row(
        "file_format_check_failed",
        _FAILED,
        _FINAL,
        "TikTok does not take the format of this file. Edit the video again and post the new version.",
        "TikTok no acepta el formato de este archivo. Vuelve a editar el video y publica la nueva versión.",
        Button.EDIT_VIDEO,
    ),
    Row(
        "duration_check_failed",
        _FAILED,
        _FINAL,
        "The video is too long or too short for this account. Trim it and post the new version.",
        "El video es demasiado largo o corto para esta cuenta. Recórtalo y publica la nueva versión.",
        Button.EDIT_VIDEO,
    ),
    Row(
        "frame_rate_check_failed",
        _FAILED,
        _FINAL,
        "TikTok takes 23 to 60 frames a second, and this video has another number. Edit it again.",
        "TikTok acepta de 23 a 60 cuadros por segundo y este video tiene otro número. Vuelve a editarlo.",
        Button.EDIT_VIDEO,
    ),
    Row(
        "picture_size_check_failed",
        _FAILED,
        _FINAL,
        "TikTok takes pictures of 360 to 4096 pixels a side, and this one is not. Edit the video again.",
        "TikTok acepta imágenes de 360 a 4096 píxeles por lado y esta no lo es. Vuelve a editar el video.",
        Button.EDIT_VIDEO,
    ),
)

_FAIL_REASON_ROWS: Final = (
    Row(
        "internal",
        _FAILED,
        _RETRY,
        "TikTok failed while it processed the video. We try again.",
        "TikTok falló al procesar el video. Lo intentamos de nuevo.",
    ),
    Row(
        "video_pull_failed",
        _FAILED,
        _RETRY,
        "TikTok could not fetch the video. We try again.",
        "TikTok no pudo descargar el video. Lo intentamos de nuevo.",
    ),
    Row(
        "photo_pull_failed",
        _FAILED,
        _RETRY,
        "TikTok could not fetch a photo. We try again.",
        "TikTok no pudo descargar una foto. Lo intentamos de nuevo.",
    ),
    Row(
        "publish_cancelled",
        _FAILED,
        _FINAL,
        "The post was called off before TikTok had published it.",
        "La publicación se canceló antes de que TikTok la hiciera.",
        Button.RETRY,
    ),
    Row(
        "auth_removed",
        _FAILED,
        _ATTENTION,
        "The access was taken away while TikTok processed the video. Connect the account again.",
        "El permiso se retiró mientras TikTok procesaba el video. Vuelve a conectar la cuenta.",
        Button.RECONNECT,
    ),
    Row(
        "spam_risk_too_many_posts",
        _FAILED,
        _WAIT,
        "TikTok takes no more posts from this account today. We go on as soon as there is room.",
        "TikTok no acepta más publicaciones de esta cuenta por hoy. Seguimos en cuanto haya lugar.",
        Button.OPEN_TIKTOK,
        wait=_DAY,
        until_day_has_room=True,
    ),
    Row(
        "spam_risk_text",
        _FAILED,
        _ATTENTION,
        "TikTok takes the caption for spam. Change it, then try again.",
        "TikTok considera que el texto es spam. Cámbialo y vuelve a intentarlo.",
        Button.EDIT_CAPTION,
    ),
    Row(
        "spam_risk",
        _FAILED,
        _FINAL,
        "TikTok takes this post for spam and does not publish it. Look in the app for what it says.",
        "TikTok considera que esta publicación es spam y no la publica. Revisa en la app qué te indica.",
        Button.OPEN_TIKTOK,
    ),
)

POST_ROWS: Final = _TRANSFER_ROWS + _FILE_ROWS + _FAIL_REASON_ROWS
"""Rows for publishes that have begun."""
