// Tells an open page that its session has moved on: listens to the server's events and presses the page's
// own "Refresh" button. Without this script the button still works by hand.
(function () {
  if (window.riskListens) return;
  window.riskListens = true;
  let source = null, from = "", newest = null, pressed = 0;
  function clocks() {
    document.querySelectorAll("[data-ends]").forEach(function (el) {
      const left = Math.round(Number(el.dataset.ends) - Date.now() / 1000);
      const size = Math.abs(left), words = Math.floor(size / 60) + ":" + String(size % 60).padStart(2, "0");
      el.textContent = (left < 0 ? el.dataset.late + " " : "") + words;
      el.classList.toggle("rk-late", left < 0);
    });
  }
  // Something new is to be read: go to the top of it.
  let place = null;
  setInterval(function () {
    const page = document.querySelector(".rk-seat-page"), now = page ? page.dataset.place : null;
    if (now !== place && place !== null && now !== null) {
      document.querySelector("[data-testid=stMain]").scrollTo(0, 0);
    }
    place = now;
  }, 100);
  setInterval(function () {
    clocks();
    const here = document.querySelector(".rk-listen");
    const url = here ? here.dataset.url : "";
    if (url !== from) {
      if (source) source.close();
      source = url ? new EventSource(url) : null;
      if (source) source.onmessage = function (event) { newest = event.data; };
      from = url;
      newest = null;
    }
    if (!here || newest === null || here.dataset.mark === newest) return;
    const button = document.querySelector(".st-key-refresh button");
    if (button && Date.now() - pressed > 1500) {
      pressed = Date.now();
      button.click();
    }
  }, 400);
})();
