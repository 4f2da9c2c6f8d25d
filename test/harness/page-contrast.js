// Runs in a page: finds texts, and bars and lines of charts, whose contrast with their background is below WCAG 2.2, level AA.
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    let behind = element;
    while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    return rgba(behind ? getComputedStyle(behind).backgroundColor : 'white');
  };
  const contrast = (front, back) => {
    const [light = 0, dark = 0] = [luminance(front), luminance(back)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const pale = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!parent || !texts.currentNode.textContent?.trim()) continue;
    const style = getComputedStyle(parent);
    const front = rgba(parent instanceof SVGElement ? style.fill : style.color);
    const ratio = contrast(front, backgroundOf(parent));
    if (ratio < 4.5) pale.push(`${texts.currentNode.textContent.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  // Marks of charts: bars, lines and points, but no grid and no area below a line, which are fainter on purpose.
  for (const mark of document.querySelectorAll('svg g.role-mark path, svg g.role-mark line')) {
    const { fill, fillOpacity, stroke, opacity } = getComputedStyle(mark);
    const colour = fill !== 'none' && Number(fillOpacity) === 1 ? fill : stroke;
    if (colour === 'none' || Number(opacity) < 1 || rgba(colour)[3] === 0) continue;
    const ratio = contrast(rgba(colour), backgroundOf(mark.closest('figure')));
    if (ratio < 3) pale.push(`mark of ${mark.closest('figure')?.textContent?.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return pale;
})();
