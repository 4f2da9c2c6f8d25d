import type { BrowserContext } from 'playwright-core';

const QUALITY = 0.85;

/** A picture as WebP, which the browser itself converts: playwright takes PNG only, several times as large. */
export async function asWebp(browser: BrowserContext, png: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  const data = await page.evaluate<string>(`(async () => {
    const picture = new Image();
    picture.src = 'data:image/png;base64,${png.toString('base64')}';
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    return canvas.toDataURL('image/webp', ${QUALITY});
  })()`);
  await page.close();
  return Buffer.from(data.slice(data.indexOf(',') + 1), 'base64');
}
