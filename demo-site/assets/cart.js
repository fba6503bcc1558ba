// Counts what was put in the cart and shows it in the header. The count is the shop's own, holds no identifier, stays in
// this tab and is gone with it. Without this script the page only lacks the count.
"use strict";

(() => {
  const KEY = "hiyori_cart";
  const cart = document.querySelector("[data-cart]");
  const counter = document.querySelector("[data-cart-count]");
  if (!cart || !counter) return;

  let count = stored();
  show();

  for (const button of document.querySelectorAll("[data-product]")) {
    button.addEventListener("click", () => {
      count += 1;
      store();
      show();
      const notice = document.querySelector("[data-cart-notice]");
      if (notice) notice.textContent = notice.dataset.cartNotice;
    });
  }

  function show() {
    counter.textContent = String(count);
    cart.hidden = count === 0;
  }

  // Storage may be refused altogether; then the count lasts as long as the page.
  function stored() {
    try {
      const kept = Number.parseInt(sessionStorage.getItem(KEY) ?? "0", 10);
      return kept > 0 ? kept : 0;
    } catch {
      return 0;
    }
  }

  function store() {
    try {
      sessionStorage.setItem(KEY, String(count));
    } catch {
      // As above.
    }
  }
})();
