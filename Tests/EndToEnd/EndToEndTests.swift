import Testing

/// Conversations of the release binary with foreign programs, one after the other.
@Suite(.serialized, .timeLimit(.minutes(15))) struct EndToEndTests {}
