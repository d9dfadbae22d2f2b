/** The page that shows mails: each mail in a narrow and a wide frame beside its text, found by its name. */

export interface Shown {
  /** Names the files; letters and dashes. */
  readonly name: string;
  readonly subject: string;
}

const NARROW_PX = 320;
const WIDE_PX = 640;
const HEIGHT_PX = 720;

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 24px; font: 16px/1.5 Helvetica, Arial, sans-serif; }
section { margin: 0 0 40px; }
h2 { font-size: 18px; margin: 0; }
p { margin: 2px 0 10px; }
.frames { display: flex; flex-wrap: wrap; gap: 16px; }
iframe { border: 1px solid #8888; height: ${HEIGHT_PX}px; }
`;

export function previewPage(title: string, mails: readonly Shown[]): string {
  const links = mails.map(({ name }) => `<li><a href="#${name}">${name}</a></li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>flowly-credits: e-mails</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>Each at ${NARROW_PX} and ${WIDE_PX} pixels, and as text. Dark mode follows your browser.</p>
<ul>
${links}
</ul>
${mails.map(section).join('\n')}
</body>
</html>
`;
}

const section = ({ name, subject }: Shown): string => `<section id="${name}">
<h2>${name}</h2>
<p>${escaped(subject)}</p>
<div class="frames">
${frame(`${name}.html`, NARROW_PX, `${name}, narrow`)}
${frame(`${name}.html`, WIDE_PX, `${name}, wide`)}
${frame(`${name}.txt`, WIDE_PX, `${name}, text`)}
</div>
</section>`;

/** `sandbox` lets a mail do no more than a mail program would. */
const frame = (file: string, widthPx: number, title: string): string =>
  `<iframe sandbox src="${file}" width="${widthPx}" title="${title}" loading="lazy"></iframe>`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (found) => ENTITIES[found]!);
