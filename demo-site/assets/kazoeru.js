// "Kazoeru", a stand-in for an outside analytics tag. It runs only where the visitor granted analytics, and then shows
// that it ran: by its cookie, and by how often in window.kazoeru.
"use strict";

(() => {
  const found = /(?:^|; )kazoeru_id=([0-9a-f]{32})(?:;|$)/.exec(document.cookie);
  const id = found ? found[1] : fresh();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `kazoeru_id=${id}; Max-Age=${365 * 24 * 60 * 60}; Path=/; SameSite=Lax${secure}`;
  window.kazoeru = { views: (window.kazoeru?.views ?? 0) + 1 };

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
})();
