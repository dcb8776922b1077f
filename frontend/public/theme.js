// Runs before the first paint, so that a remembered theme does not flash. A file, not inline: the page's policy allows no inline script.
try {
  const theme = JSON.parse(localStorage.getItem('reprise') ?? '{}').theme;
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is then used.
}
