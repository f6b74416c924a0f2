// Links inside the app open the next page in the same session: the address changes, and Streamlit, which
// listens to the browser's "back", draws the page it names. Without this script they are plain links.
(function () {
  if (window.riskLinks) return;
  window.riskLinks = true;
  document.addEventListener("click", function (event) {
    const link = event.target.closest && event.target.closest("a.rk-go");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate"));
    const main = document.querySelector("[data-testid=stMain]");
    if (main) main.scrollTo(0, 0);
    const close = document.querySelector("[data-testid=stSidebarCollapseButton] button");
    if (close && window.innerWidth < 769 && link.closest("[data-testid=stSidebar]")) close.click();
  });
})();
