// Light, dark, or as the system has it: kept in a cookie, so that the server writes it into the page and nothing flashes.

const root = document.documentElement;
const YEAR = 365 * 24 * 3600;

function current() {
  return root.dataset.theme ?? "system";
}

function choose(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  show();
}

function show() {
  for (const group of document.querySelectorAll("[data-theme-choice]")) {
    group.hidden = false;
    for (const button of group.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.value === current()));
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice] button");
  if (button) choose(button.dataset.value);
});

show();
