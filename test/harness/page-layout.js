// Runs in a page: finds elements that are not visible, have no name, make the page wider than the window, or hide that they scroll.
(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  const shorten = (one) => one.outerHTML.slice(0, 80);
  const scrolling = [...document.querySelectorAll('main *')].filter(
    (one) => one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(one).overflowX),
  );
  return {
    overflow: scrollWidth - clientWidth,
    wide: [...document.querySelectorAll('main *')]
      .filter((one) => !one.closest('.scroll') && one.getBoundingClientRect().right > clientWidth + 1)
      .map(shorten),
    smallLetters: [...document.querySelectorAll('svg text')].filter((one) => {
      const scale = (one.closest('svg')?.getBoundingClientRect().width ?? 0) / Number(one.closest('svg')?.getAttribute('width'));
      return Number.parseFloat(getComputedStyle(one).fontSize) * scale < 8;
    }).length,
    markup: document.querySelectorAll('script, img, iframe, object, embed').length,
    unnamed: [...document.querySelectorAll('table, svg, [role=region], section')]
      .filter(
        (one) => !one.closest('[aria-label]')?.getAttribute('aria-label') && !document.getElementById(one.getAttribute('aria-labelledby')),
      )
      .map(shorten),
    // A drawing without numbers in words, or read out letter by letter because it is no image.
    unspoken: [...document.querySelectorAll('svg')]
      .map((one) => one.closest('[role=img]')?.getAttribute('aria-label') ?? shorten(one))
      .filter((words) => !/\d/.test(words)),
    scrolling: scrolling.length,
    // Regions that a keyboard cannot reach, or in which nothing shows that there is more.
    hiddenScroll: scrolling
      .filter((one) => {
        const { backgroundAttachment, scrollbarWidth } = getComputedStyle(one);
        return (
          one.tabIndex !== 0 ||
          one.getAttribute('role') !== 'region' ||
          !backgroundAttachment.includes('local') ||
          scrollbarWidth === 'none'
        );
      })
      .map(shorten),
    headings: [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1])),
    ran: globalThis.ran ?? null,
  };
})();
