// The arrow keys walk through the review. Without this, the links do.

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, summary, [contenteditable], .table-wrap")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && document.querySelector(`.review-walk a[rel="${rel}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
