"use strict";
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("nuages-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* A browser that keeps nothing for files. */ }
