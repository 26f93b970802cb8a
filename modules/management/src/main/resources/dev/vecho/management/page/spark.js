// A plot without words beside it, as small as a line of text.

import uPlot from "./uPlot.esm.js";

const HEIGHT = 44;

/**
 * Draws data into an element as wide as that is, and draws them anew where there is a plot already.
 *
 * @param drawn the plot of before, or undefined
 * @param range of the horizontal axis
 * @param series one for each column of data but the first
 * @returns the plot, for the next time
 */
export function spark(drawn, into, range, series, data) {
  const width = into.clientWidth;
  if (drawn) {
    if (drawn.width !== width) {
      drawn.setSize({ width, height: HEIGHT });
    }
    drawn.setData(data);
    return drawn;
  }
  return new uPlot(
    {
      width,
      height: HEIGHT,
      cursor: { show: false },
      legend: { show: false },
      select: { show: false },
      axes: [{ show: false }, { show: false }],
      padding: [3, 0, 3, 0],
      scales: { x: { time: false, range }, y: { range: (_, low, high) => [0, high > 0 ? high : 1] } },
      series: [{}, ...series],
    },
    data,
    into,
  );
}
