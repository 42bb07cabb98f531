// Shows the progress of a configuration as the server tells it. When the stream ends, the page is loaded again: it then
// shows the end, or goes on watching.
(function () {
  "use strict";
  var card = document.querySelector("[data-progress-events]");
  if (!card || !window.EventSource) { return; }

  function find(name) { return card.querySelector("[data-progress-" + name + "]"); }

  function show(status) {
    find("bar").value = status.percent;
    find("percent").textContent = status.percent + " %";
    find("step").textContent = "Step " + status.step + " of " + status.steps + ": " + status.title;
    find("detail").textContent = status.detail;
    find("waiting").hidden = !status.waiting;
  }

  var source = new EventSource(card.dataset.progressEvents);
  var failures = 0;
  source.addEventListener("progress", function (event) {
    failures = 0;
    var status = JSON.parse(event.data);
    if (status.state === "running") { show(status); } else { source.close(); location.reload(); }
  });
  ["done", "failed"].forEach(function (name) {
    source.addEventListener(name, function () { source.close(); location.reload(); });
  });
  source.onerror = function () {
    // The browser reconnects by itself unless the server refused; then the page asks again itself.
    failures += 1;
    if (source.readyState === EventSource.CLOSED || failures > 5) {
      source.close();
      setTimeout(function () { location.reload(); }, 2000);
    }
  };
}());
