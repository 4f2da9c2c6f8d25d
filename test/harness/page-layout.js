// Runs in a page: finds elements that are not visible, have no name, or make the page wider than the window.
(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  return {
    overflow: scrollWidth - clientWidth,
    wide: [...document.querySelectorAll('main *')]
      .filter((one) => !one.closest('.scroll') && one.getBoundingClientRect().right > clientWidth + 1)
      .map((one) => one.outerHTML.slice(0, 80)),
    smallLetters: [...document.querySelectorAll('svg text')].filter((one) => {
      const scale = (one.closest('svg')?.getBoundingClientRect().width ?? 0) / Number(one.closest('svg')?.getAttribute('width'));
      return Number.parseFloat(getComputedStyle(one).fontSize) * scale < 8;
    }).length,
    markup: document.querySelectorAll('script, img, iframe, object, embed').length,
    unnamed: [...document.querySelectorAll('table, svg, [role=region]')].filter(
      (one) => !one.closest('[aria-label]')?.getAttribute('aria-label') && !one.hasAttribute('aria-labelledby'),
    ).length,
    headings: [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1])),
    ran: globalThis.ran ?? null,
  };
})();
