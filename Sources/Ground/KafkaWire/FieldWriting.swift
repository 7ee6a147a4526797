import ByteCodec
import Units

/// How the generated encoders write what has a length; `flexible` as in the decoders.
extension ByteWriter {
  /// A length whose fixed form has 32 bits; nil is null.
  @inline(never)
  private mutating func length(_ length: Int?, _ flexible: Bool) {
    if flexible {
      writeVarUInt32(length.map { UInt32(clamping: $0 + 1) } ?? 0)
    } else {
      writeInt32(length.map { Int32(clamping: $0) } ?? -1)
    }
  }

  @inline(never)
  mutating func text(_ text: String, _ flexible: Bool) {
    let text = text.utf8.count <= ByteReader.longestText ? text : Self.cut(text)
    let count = text.utf8.count
    if flexible { length(count, true) } else { writeInt16(Int16(clamping: count)) }
    writeText(text)
  }

  /// As many whole characters of `text` as the protocol can carry: clients get a shorter text, not a broken stream.
  private static func cut(_ text: String) -> String {
    var kept = ""
    var count = 0
    for scalar in text.unicodeScalars {
      count += UTF8.width(scalar)
      if count > ByteReader.longestText { break }
      kept.unicodeScalars.append(scalar)
    }
    return kept
  }

  @inline(never)
  mutating func optionalText(_ text: String?, _ flexible: Bool) {
    if let text { return self.text(text, flexible) }
    if flexible { writeUInt8(0) } else { writeInt16(-1) }
  }

  @inline(never)
  mutating func octets(_ octets: [UInt8], _ flexible: Bool) {
    length(octets.count, flexible)
    writeBytes(octets)
  }

  @inline(never)
  mutating func optionalOctets(_ octets: [UInt8]?, _ flexible: Bool) {
    if let octets { self.octets(octets, flexible) } else { length(nil, flexible) }
  }

  /// Record batches, spliced in without a copy.
  @inline(never)
  mutating func payload(_ payload: ByteSlice, _ flexible: Bool) {
    length(payload.count, flexible)
    splice(payload)
  }

  @inline(never)
  mutating func optionalPayload(_ payload: ByteSlice?, _ flexible: Bool) {
    if let payload { self.payload(payload, flexible) } else { length(nil, flexible) }
  }

  /// Record batches, or the place of `gap` bytes of them that the sender puts in.
  @inline(never)
  mutating func optionalPayload(_ payload: ByteSlice?, gap: Int, _ flexible: Bool) {
    guard gap > 0 else { return optionalPayload(payload, flexible) }
    length(gap, flexible)
    leaveGap(gap)
  }

  mutating func elements<Element: WireStructure>(_ elements: [Element], _ version: Int16, _ flexible: Bool) {
    length(elements.count, flexible)
    for element in elements { element.encode(to: &self, version: version) }
  }

  mutating func optionalElements<Element: WireStructure>(_ elements: [Element]?, _ version: Int16, _ flexible: Bool) {
    if let elements { self.elements(elements, version, flexible) } else { length(nil, flexible) }
  }

  /// The same through one body for all types.
  @inline(never) @_semantics("optimize.sil.specialize.generic.never")
  mutating func sharedElements<Element: WireStructure>(_ elements: [Element], _ version: Int16, _ flexible: Bool) {
    self.elements(elements, version, flexible)
  }

  @inline(never) @_semantics("optimize.sil.specialize.generic.never")
  mutating func optionalSharedElements<Element: WireStructure>(
    _ elements: [Element]?, _ version: Int16, _ flexible: Bool
  ) {
    optionalElements(elements, version, flexible)
  }

  mutating func values<Value: WireValue>(_ values: [Value], _ flexible: Bool) {
    length(values.count, flexible)
    for value in values { value.write(to: &self, flexible) }
  }

  mutating func optionalValues<Value: WireValue>(_ values: [Value]?, _ flexible: Bool) {
    if let values { self.values(values, flexible) } else { length(nil, flexible) }
  }

  /// A structure behind a byte that is -1 for null.
  mutating func optionalStructure<Structure: WireStructure>(_ structure: Structure?, _ version: Int16) {
    writeInt8(structure == nil ? -1 : 1)
    structure?.encode(to: &self, version: version)
  }
}
