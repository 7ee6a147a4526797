import Testing

// The release binary and foreign programs, in two rows: within a row one after the other, the two side by side, because
// clients spend most of their time waiting.

/// What becomes of the server: kills, stops, full disks, damage.
@Suite(.serialized, .timeLimit(.minutes(15))) struct EndToEndTests {}

/// What foreign clients see of it.
@Suite(.serialized, .timeLimit(.minutes(15))) struct ForeignClientTests {}
