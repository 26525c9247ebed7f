"""The sentences of the simulator's own pages, in Spanish and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EN = {
    "lang": "en",
    "title": "TikTok simulator",
    "banner": "Simulator: nothing here was sent to TikTok.",
    "posts": "What was posted",
    "nothing": "Nothing has been posted yet.",
    "nothing_hint": "As soon as an app posts a video, it plays here. This page looks for news by itself.",
    "older": "Older posts",
    "newest": "Newest posts",
    "all_posts": "All posts",
    "not_found": "There is nothing at this address.",
    "no_caption": "No caption",
    "created": "Waiting for the video",
    "receiving": "Receiving",
    "downloading": "Fetching",
    "processing": "Processing",
    "inbox": "Draft in the inbox",
    "complete": "Posted",
    "failed": "Refused",
    "PUBLIC_TO_EVERYONE": "Everyone",
    "FOLLOWER_OF_CREATOR": "Followers",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "SELF_ONLY": "Only me",
    "ai": "AI-generated",
    "promotional": "Promotional content",
    "paid": "Paid partnership",
    "comments_off": "Comments off",
    "duet_off": "Duet off",
    "stitch_off": "Stitch off",
    "no_public_id": "No public id",
    "moderation": "Public id after moderation",
    "post_id": "Post id",
    "publish_id": "Publish id",
    "privacy": "Who can see it",
    "time": "When",
    "video": "Video",
    "size": "Size",
    "share": "Public link",
    "reason": "Reason",
    "post_draft": "Post this draft",
    "draft_hint": "In TikTok's app the creator posts it from the notification. Here this button does.",
    "private_account": "Private account",
    "consent_title": "Continue to {app}",
    "consent_lead": "{app} would like to use your TikTok account.",
    "choose": "Choose an account",
    "new_account": "New account",
    "username": "Username",
    "nickname": "Name",
    "may": "{app} will be able to",
    "always": "always included",
    "allow": "Allow",
    "cancel": "Cancel",
    "bad_username": "A username has 2 to 24 letters, digits, dots or underscores.",
    "choose_one": "Choose an account first.",
    "consent_foot": "You return to {host}. This is a rehearsal: no real account is touched.",
    "user.info.basic": "See your name and picture",
    "user.info.profile": "See your profile: username, bio, links",
    "user.info.stats": "See your numbers: followers, likes, videos",
    "video.publish": "Post videos to your profile",
    "video.upload": "Put videos into your inbox as drafts",
    "video.list": "See your public videos",
    "wrong_title": "Something is wrong with this app's request",
    "wrong_lead": "The app asked for a login in a way that TikTok refuses. It does not go back to the app.",
    "parameter": "Parameter",
    "why": "Problem",
}
_ES = {
    "lang": "es",
    "title": "Simulador de TikTok",
    "banner": "Simulador: nada de esto se envió a TikTok.",
    "posts": "Lo que se publicó",
    "nothing": "Todavía no se publicó nada.",
    "nothing_hint": "En cuanto una app publique un video, se verá aquí. Esta página busca novedades sola.",
    "older": "Publicaciones anteriores",
    "newest": "Lo más reciente",
    "all_posts": "Todas las publicaciones",
    "not_found": "No hay nada en esta dirección.",
    "no_caption": "Sin descripción",
    "created": "Esperando el video",
    "receiving": "Recibiendo",
    "downloading": "Descargando",
    "processing": "Procesando",
    "inbox": "Borrador en la bandeja",
    "complete": "Publicado",
    "failed": "Rechazado",
    "PUBLIC_TO_EVERYONE": "Todo el mundo",
    "FOLLOWER_OF_CREATOR": "Seguidores",
    "MUTUAL_FOLLOW_FRIENDS": "Amigos",
    "SELF_ONLY": "Solo yo",
    "ai": "Generado con IA",
    "promotional": "Contenido promocional",
    "paid": "Colaboración pagada",
    "comments_off": "Sin comentarios",
    "duet_off": "Sin dúos",
    "stitch_off": "Sin Stitch",
    "no_public_id": "Sin id público",
    "moderation": "Id público tras la moderación",
    "post_id": "Id de la publicación",
    "publish_id": "Id del envío",
    "privacy": "Quién puede verlo",
    "time": "Cuándo",
    "video": "Video",
    "size": "Tamaño",
    "share": "Enlace público",
    "reason": "Motivo",
    "post_draft": "Publicar este borrador",
    "draft_hint": "En TikTok, la persona abre el aviso y publica desde la app. Aquí lo hace este botón.",
    "private_account": "Cuenta privada",
    "consent_title": "Continuar a {app}",
    "consent_lead": "{app} quiere usar tu cuenta de TikTok.",
    "choose": "Elige una cuenta",
    "new_account": "Cuenta nueva",
    "username": "Usuario",
    "nickname": "Nombre",
    "may": "{app} podrá",
    "always": "siempre incluido",
    "allow": "Permitir",
    "cancel": "Cancelar",
    "bad_username": "Un usuario tiene de 2 a 24 letras, cifras, puntos o guiones bajos.",
    "choose_one": "Primero elige una cuenta.",
    "consent_foot": "Volverás a {host}. Es un ensayo: no se toca ninguna cuenta real.",
    "user.info.basic": "Ver tu nombre y tu foto",
    "user.info.profile": "Ver tu perfil: usuario, biografía, enlaces",
    "user.info.stats": "Ver tus cifras: seguidores, me gusta, videos",
    "video.publish": "Publicar videos en tu perfil",
    "video.upload": "Dejar videos como borradores en tu bandeja",
    "video.list": "Ver tus videos públicos",
    "wrong_title": "La solicitud de esta app tiene un error",
    "wrong_lead": "La app pidió iniciar sesión de una forma que TikTok rechaza. No se vuelve a la app.",
    "parameter": "Parámetro",
    "why": "Problema",
}
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _EN, "es": _ES})


def choose_words(accept_language: str) -> Mapping[str, str]:
    """Return the sentences in the language that the browser likes best; English when it likes neither."""
    best, best_weight = "en", 0.0
    for item in accept_language.split(","):
        tag, _, rest = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(rest)
        if language in WORDS and weight > best_weight:
            best, best_weight = language, weight
    return WORDS[best]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
