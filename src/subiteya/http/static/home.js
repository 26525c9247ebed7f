// The list of videos, kept true by the event stream. Text goes in by textContent only.

const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const videos = new Map();
const cards = new Map();
const groups = new Map();

// The page's language as this browser's region writes it: 22.1 in Mexico, 22,1 in Argentina.
const region = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
const number = new Intl.NumberFormat(region, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(region, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

// Mark and colour of each status; the word says the same.
const looks = {
  DRAFT: ["○", ""], EDITING_QUEUED: ["…", "wait"], EDITING: ["▸", "moving"], EDITED: ["✓", "good"],
  UPLOAD_QUEUED: ["…", "wait"], UPLOADING: ["▲", "moving"], CONFIRMING: ["▲", "moving"], POSTED: ["✓", "good"],
  FAILED_EDIT: ["!", "bad"], FAILED_UPLOAD: ["!", "bad"], CANCELLED: ["×", ""], SCHEDULED: ["◷", "wait"],
  UNCONFIRMED: ["?", "wait"], IN_INBOX: ["✎", "wait"], NEEDS_ATTENTION: ["!", "bad"],
};

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "…");
}

function copy(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function say(element, text) {
  element.hidden = !text;
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}

function when(text) {
  const time = new Date(text);
  return time.toDateString() === new Date().toDateString() ? clock.format(time) : day.format(time);
}

function showStatus(chip, status) {
  const [mark, tone] = looks[status] ?? ["", ""];
  chip.dataset.mark = mark;
  chip.dataset.tone = tone;
  say(chip, words.statuses[status] ?? status);
}

function showProgress(bar, percent) {
  bar.hidden = percent === null;
  if (percent === null) return;
  bar.value = percent;
  bar.setAttribute("aria-label", words.script.progress);
}

function retryText(thing) {
  if (!thing.will_retry_at) return null;
  return fill(words.script.retry, { time: when(thing.will_retry_at), attempt: thing.attempt, max: thing.max_attempts });
}

function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// How fast FFmpeg is, and when it will be done: known after its first moments.
function paceText(video) {
  const { speed, left_seconds: left } = video.progress_detail ?? {};
  if (video.status !== "EDITING" || !speed || left == null) return null;
  return fill(words.script.pace, { speed: number.format(speed), time: minutes(Math.ceil(left)) });
}

function facts(video) {
  const seconds = Math.round(video.duration_seconds ?? 0);
  const size = video.source_bytes / 1e6;
  return [
    seconds ? minutes(seconds) : null,
    video.width ? `${video.width}×${video.height}` : null,
    `${number.format(size)}\u00a0MB`,
  ].filter(Boolean).join(" · ");
}

function showPost(element, post) {
  const part = (name) => element.querySelector(name);
  say(part(".account"), `@${post.account_username}`);
  showStatus(part(".chip"), post.status);
  const sending = post.status === "UPLOADING" && post.video_bytes;
  showProgress(part("progress"), sending ? Math.floor((100 * post.bytes_acknowledged) / post.video_bytes) : null);
  const waits = post.status === "SCHEDULED" ? post.scheduled_at : post.status === "UPLOAD_QUEUED" ? post.slot_at : null;
  const inbox = post.status === "IN_INBOX" ? words.script.inbox : null;
  const rendering = post.wait_reason === "rendering" ? words.script.rendering : null;
  say(part(".when"), inbox ?? rendering ?? retryText(post) ?? (waits && fill(words.script.planned, { time: when(waits) })));
  say(part(".error"), post.error?.message);
  // Only what TikTok confirmed has an address, and only a web address becomes a link.
  const link = part(".link");
  link.hidden = !/^https?:\/\//.test(post.post_url ?? "");
  if (!link.hidden) {
    link.href = post.post_url;
    link.textContent = words.script.open;
  }
}

// Words can be asked for where an edit can: nothing under way may rely on them.
const editable = new Set(["DRAFT", "EDITED", "FAILED_EDIT", "CANCELLED"]);

function wordsText({ state, percent, by, error }) {
  if (state === "listening" && percent !== null) return fill(words.script.listening_at, { percent });
  if (state === "there" && by) return fill(words.script.said_by, { by });
  if (error) return error.message;
  return words.script[`words_${state}`];
}

function showWords(card, video) {
  const part = (name) => card.querySelector(name);
  const { state } = video.words;
  say(part(".said"), wordsText(video.words));
  part(".said").dataset.tone = state === "failed" || state === "went_without" ? "bad" : "";
  const alone = editable.has(video.status);
  part(".listen").hidden = !alone || !["none", "failed", "went_without"].includes(state);
  part(".hush").hidden = !alone || !["waiting", "listening"].includes(state);
  part(".listen").onclick = () => askForWords(card, video.id, "POST");
  part(".hush").onclick = () => askForWords(card, video.id, "DELETE");
}

async function askForWords(card, id, method) {
  const buttons = card.querySelectorAll(".acts button");
  buttons.forEach((button) => (button.disabled = true));
  try {
    const answer = await fetch(`/api/videos/${id}/subtitles/transcribe`, { method });
    const told = await answer.json();
    if (answer.ok) take(told);
    soon();
    if (!answer.ok) say(card.querySelector(".said"), told.detail);
  } catch {
    tell("offline");
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

function showCard(card, video) {
  const part = (name) => card.querySelector(name);
  showStatus(part(".chip"), video.status);
  say(part(".title"), video.title);
  say(part(".facts"), facts(video));
  showProgress(part("progress"), video.status === "EDITING" ? video.progress : null);
  say(part(".pace"), paceText(video));
  say(part(":scope > .error"), video.error?.message);
  say(part(".retry"), retryText(video));
  showWords(card, video);
  const list = part(".posts");
  while (list.children.length > video.posts.length) list.lastElementChild.remove();
  video.posts.forEach((post, place) => {
    showPost(list.children[place] ?? list.appendChild(copy("post")), post);
  });
}

function groupOf(video) {
  return Object.keys(words.groups).find((name) => words.members[name].includes(video.status)) ?? "drafts";
}

function show() {
  const sorted = [...videos.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
  for (const [name, group] of groups) {
    const members = sorted.filter((video) => groupOf(video) === name);
    group.hidden = members.length === 0;
    group.querySelector(".count").textContent = members.length;
    const list = group.querySelector(".cards");
    members.forEach((video, place) => {
      const card = cards.get(video.id) ?? copy("card");
      cards.set(video.id, card);
      showCard(card, video);
      // Moved only when it must be: what stands still keeps focus and selection.
      if (list.children[place] !== card) list.insertBefore(card, list.children[place] ?? null);
    });
  }
  document.getElementById("empty").hidden = videos.size > 0;
}

function take(video) {
  const known = videos.get(video.id);
  if (known && (known.version > video.version || Date.parse(known.updated_at) > Date.parse(video.updated_at))) return;
  videos.set(video.id, video);
}

function forget(id) {
  videos.delete(id);
  cards.get(id)?.remove();
  cards.delete(id);
}

let planned = false;
function soon() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    show();
  });
}

async function readAll() {
  const answer = await fetch("/api/videos?limit=100");
  if (answer.status === 401) location.reload();
  if (!answer.ok) return;
  const page = await answer.json();
  const present = new Set(page.videos.map((video) => video.id));
  // The newest page is complete down to its last video; what is younger and not in it is gone.
  const oldest = page.cursor ? page.videos.at(-1)?.created_at ?? "" : "";
  for (const video of [...videos.values()]) {
    if (!present.has(video.id) && video.created_at > oldest) forget(video.id);
  }
  page.videos.forEach(take);
  soon();
}

function tell(state) {
  document.getElementById("live").dataset.state = state;
  document.getElementById("live-word").textContent = words.script[state] ?? "";
}

function listen() {
  const stream = new EventSource("/api/events");
  stream.addEventListener("snapshot", (event) => {
    tell("live");
    JSON.parse(event.data).videos.forEach(take);
    soon();
    readAll().catch(() => tell("offline"));
  });
  stream.addEventListener("video", (event) => {
    take(JSON.parse(event.data));
    soon();
  });
  stream.addEventListener("removed", (event) => {
    forget(JSON.parse(event.data).id);
    soon();
  });
  stream.addEventListener("error", () => {
    tell("offline");
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stream.close();
    setTimeout(listen, 5000);
  });
}

for (const name of Object.keys(words.groups)) {
  const group = copy("group");
  group.hidden = true;
  group.querySelector(".name").textContent = words.groups[name];
  document.getElementById("groups").append(group);
  groups.set(name, group);
}
listen();
