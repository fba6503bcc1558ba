// "Kazoeru", a stand-in for an outside analytics tag. It runs only where the visitor granted analytics, and then shows
// that it ran: by its cookie, by the day that it keeps in the browser's storage, and by how often in window.kazoeru.
"use strict";

(() => {
  const found = /(?:^|; )kazoeru_id=([0-9a-f]{32})(?:;|$)/.exec(document.cookie);
  const id = found ? found[1] : fresh();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `kazoeru_id=${id}; Max-Age=${365 * 24 * 60 * 60}; Path=/; SameSite=Lax${secure}`;
  const last = lastDay();
  window.kazoeru = { views: (window.kazoeru?.views ?? 0) + 1, last };

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The day of the last visit, where that is at most 30 days ago, as the site file says; today's is kept for the next.
  function lastDay() {
    const today = new Date().toISOString().slice(0, 10);
    try {
      const kept = localStorage.getItem("kazoeru_last");
      localStorage.setItem("kazoeru_last", today);
      return kept && Date.parse(today) - Date.parse(kept) <= 30 * 24 * 60 * 60 * 1000 ? kept : null;
    } catch {
      return null; // storage is blocked
    }
  }
})();
