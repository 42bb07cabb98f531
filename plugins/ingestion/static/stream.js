/* Keeps the page of a data stream up to date: told by the server, or asking it when that is not possible; silent while
   nobody sees the page. The page is complete without this. */
"use strict";

const POLL_SECONDS = 2;
const WAVEFORM_SECONDS = 5;

class StreamPage {
  constructor(place) {
    this.place = place;
    this.revision = place.dataset.revision;
    this.source = null;
    this.timer = 0;
    this.polls = false;
    this.drawnAt = 0;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    if (!document.hidden) this.start();
  }

  start() {
    this.stop();
    if (this.polls || !window.EventSource) this.poll();
    else this.follow();
  }

  stop() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
  }

  follow() {
    const source = new EventSource(this.place.dataset.liveUrl);
    this.source = source;
    source.addEventListener("progress", (event) => {
      const facts = JSON.parse(event.data);
      if (facts.busy) this.polls = true;
      else this.show(facts);
    });
    // The server ends it now and then, so that a page that is forgotten costs nothing; and when it is busy.
    source.addEventListener("done", () => this.start());
    source.addEventListener("failed", () => { this.polls = true; this.start(); });
    source.onerror = () => {
      if (this.source !== source) return;
      this.stop();
      this.polls = true;
      this.say("The connection was lost. Trying again.");
      this.timer = setTimeout(() => this.start(), POLL_SECONDS * 1000);
    };
  }

  async poll() {
    try {
      const answer = await fetch(this.place.dataset.factsUrl, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
        this.say("This stream cannot be read any more. Reload the page.");
        return;
      }
      if (!answer.ok) throw new Error(answer.status);
      this.show(await answer.json());
    } catch {
      this.say("The connection was lost. Trying again.");
    }
    if (!document.hidden) this.timer = setTimeout(() => this.poll(), POLL_SECONDS * 1000);
  }

  say(text) {
    const state = this.place.querySelector("[data-live-state]");
    state.hidden = !text;
    if (state.textContent !== text) state.textContent = text;
  }

  show(facts) {
    this.say("");
    for (const element of this.place.querySelectorAll("[data-fact]")) this.set(element, facts[element.dataset.fact]);
    this.set(this.place.querySelector('[data-points="plot"]'), facts.plot, "points");
    if (facts.plot) this.part("plot", true);
    if (!facts.ends || facts.revision === this.revision) return;
    this.revision = facts.revision;
    this.place.dataset.revision = facts.revision;
    this.part("empty", !facts.ends.length);
    for (const section of this.place.querySelectorAll("[data-end]")) this.showEnd(section, facts.ends[section.dataset.end]);
    this.part("wave", Boolean(facts.wave));
    if (facts.wave) this.draw();
  }

  set(element, value, attribute) {
    if (value === undefined) return;
    if (attribute) element.setAttribute(attribute, value);
    else if (element.textContent !== value) {
      element.textContent = value;
      if (element.matches("b")) {
        element.classList.remove("stream-changed");
        void element.offsetWidth; // so that the animation begins anew
        element.classList.add("stream-changed");
      }
    }
  }

  part(name, visible) {
    this.place.querySelector(`[data-part="${name}"]`).hidden = !visible;
  }

  showEnd(section, end) {
    section.hidden = !end;
    if (!end) return;
    this.set(section.querySelector("[data-end-title]"), end.title);
    this.set(section.querySelector("[data-end-place]"), end.place);
    this.set(section.querySelector("[data-end-text]"), end.text);
  }

  async draw() {
    const wait = this.drawnAt + WAVEFORM_SECONDS * 1000 - Date.now();
    if (wait > 0) {
      clearTimeout(this.drawTimer);
      this.drawTimer = setTimeout(() => this.draw(), wait);
      return;
    }
    this.drawnAt = Date.now();
    const player = this.place.querySelector("audio");
    // A player that is at work, or was, keeps what it has: another source would send it back to the beginning.
    if (player.paused && !player.currentTime) player.src = this.place.dataset.listenUrl;
    const answer = await fetch(this.place.dataset.waveformUrl, { headers: { Accept: "application/json" } });
    if (answer.ok) this.set(this.place.querySelector('[data-points="waveform"]'), (await answer.json()).points, "points");
  }
}

for (const place of document.querySelectorAll("[data-stream]")) new StreamPage(place);
