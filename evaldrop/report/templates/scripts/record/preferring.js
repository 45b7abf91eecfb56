// Whom judges preferred, as a filter: order does not count, and several judges are one panel.
// As evaldrop/steps/build_scorecard/preferences/win_rates.py counts, where a pair without a preference is none.

// A record's pairs: [first, second, share, flipped]; 1 where the first is preferred, ½ a tie, NaN without a preference.
function pairsOf(row) {
  const apart = Map.groupBy(row[PREFERENCES] || [], (one) => `${one[LEFT]} ${one[RIGHT]}`);
  return [...apart.values()].map((all) => {
    const judges = [...Map.groupBy(all, (one) => one[BY]).values()].map(shareOf);
    const read = judges.filter(({ share }) => !Number.isNaN(share));
    const votes = read.reduce((sum, { share }) => sum + Math.sign(share - 0.5), 0);
    const share = judges.length === 1 ? judges[0].share : read.length ? (Math.sign(votes) + 1) / 2 : NaN;
    return [all[0][LEFT], all[0][RIGHT], share, judges.some(({ flipped }) => flipped)];
  });
}

// What a judge's preferences in one order or both come to.
function shareOf(both) {
  const orders = [0, 1].map((first) => both.find((one) => one[FIRST] === first));
  const shares = orders.map((one) => (one && one[PREFERRED] !== null && one[SKIPPED] !== "missing" ? [1, 0, 0.5][one[PREFERRED]] : null));
  const isRead = shares.some((share) => share !== null) && orders.every((one, at) => !one || shares[at] !== null);
  const [straight, turned] = [shares[0] ?? shares[1], shares[1] ?? shares[0]];
  const flipped = shares[0] !== null && shares[1] !== null && straight !== turned && !both.some((one) => one[SKIPPED] === "identical");
  return { share: !isRead ? NaN : straight === turned ? straight : 0.5, flipped };
}

// Values are "first,second,won" and the like; without a second it is any.
VALUES.preference = (records) => {
  const { candidates } = records.names;
  return (row) => pairsOf(row).flatMap(([a, b, share, flipped]) => {
    const said = (first, second, won) => [[first, second], [first, ""]].map((two) => listed([...two, won]));
    const found = flipped ? [listed([candidates[a], candidates[b], "flipped"]), listed([candidates[b], candidates[a], "flipped"])] : [];
    if (Number.isNaN(share)) return [...found, ...said(candidates[a], candidates[b], "unread"), ...said(candidates[b], candidates[a], "unread")];
    for (const [first, second, mine] of [[candidates[a], candidates[b], share], [candidates[b], candidates[a], 1 - share]]) {
      found.push(...said(first, second, "read"), ...said(first, second, mine === 1 ? "won" : mine === 0 ? "lost" : "tied"));
    }
    return found;
  });
};

FILTERS.preference = (records, value) => {
  const [first, second, kind] = unlisted(value);
  const of = VALUES.preference(records);
  // A record without a result was to be compared, too.
  const isThere = second && kind === "unread" ? (row) => pairsOf(row).some((one) => [0, 1].every((at) => [first, second].includes(records.names.candidates[one[at]]))) : () => true;
  return (row) => of(row).includes(value) || !isThere(row);
};

IN_WORDS.preference = (value) => {
  const [first, second, kind] = unlisted(value);
  const other = second || "any other";
  return {
    won: `${first} preferred to ${other}`, lost: `${other} preferred to ${first}`, tied: `${first} and ${other} even`, flipped: `the order decided between ${first} and ${other}`,
    read: `${first} compared with ${other}`, unread: `no preference between ${first} and ${other}`,
  }[kind] || value;
};

// How many pairs of some records are as asked: of several opponents more than there are records.
function pairsIn(records, rows, value) {
  const of = VALUES.preference(records);
  return rows.reduce((sum, row) => sum + of(row).filter((each) => each === value).length, 0);
}
