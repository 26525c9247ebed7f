// Looks for news every three seconds and changes only what changed; a playing video is left alone.
"use strict";

const PAUSE_MS = 3000;

function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) {
      time.textContent = moment.toLocaleString(document.documentElement.lang, {
        dateStyle: "medium",
        timeStyle: "short",
      });
    }
  }
}

async function fetchPage() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) {
    throw new Error(`HTTP ${answer.status}`);
  }
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function refreshGrid(grid, fresh) {
  const wanted = [...fresh.querySelectorAll("article")];
  if (wanted.length === 0) {
    if (grid.querySelector("article")) {
      grid.replaceChildren(...fresh.children);
    }
    return;
  }
  grid.querySelector(".empty")?.remove();
  const ids = new Set(wanted.map((card) => card.id));
  for (const card of grid.querySelectorAll("article")) {
    if (!ids.has(card.id)) {
      card.remove();
    }
  }
  wanted.forEach((card, place) => {
    const shown = document.getElementById(card.id);
    if (shown === null) {
      localTimes(card);
      grid.insertBefore(card, grid.children[place] ?? null);
    } else if (shown.dataset.version !== card.dataset.version) {
      localTimes(card);
      shown.replaceWith(card);
    }
  });
}

function refreshPost(post, fresh) {
  if (fresh.dataset.version !== post.dataset.version && !post.contains(document.activeElement)) {
    localTimes(fresh);
    post.replaceWith(fresh);
  }
}

async function look() {
  if (document.hidden) {
    return;
  }
  const live = document.querySelector("main[data-live]");
  const fresh = live && (await fetchPage()).getElementById(live.id);
  if (!fresh) {
    return;
  }
  if (live.id === "posts") {
    refreshGrid(live, fresh);
  } else {
    refreshPost(live, fresh);
  }
}

async function keepLooking() {
  try {
    await look();
  } catch (error) {
    console.debug("the simulator did not answer", error);
  }
  setTimeout(keepLooking, PAUSE_MS);
}

localTimes(document);
setTimeout(keepLooking, PAUSE_MS);
