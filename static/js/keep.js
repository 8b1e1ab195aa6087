// What can be kept: a link or a secret is copied, and a page printed, with one button. Without this, one marks and copies.

for (const field of document.querySelectorAll("[data-keep]")) field.addEventListener("focus", () => field.select());

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
    document.getElementById("announcement").textContent = "Copied.";
  });
}
