package import ByteCodec

/// What stands before the body of every request.
package struct RequestHeader: Sendable {
  /// The API's key, known or not.
  package var apiKey: Int16
  /// The body's version, served or not.
  package var apiVersion: Int16
  /// What the response must repeat.
  package var correlationId: Int32
  /// The client's name for itself; nil when it gave none, or when the API is unknown and the bytes hold no name.
  package var clientId: String?

  package init(apiKey: Int16, apiVersion: Int16, correlationId: Int32, clientId: String? = nil) {
    self.apiKey = apiKey
    self.apiVersion = apiVersion
    self.correlationId = correlationId
    self.clientId = clientId
  }

  /// The API, where this room has messages for it.
  package var api: APIKey? { APIKey(rawValue: apiKey) }

  /// Reads a header and leaves the reader at the body.
  ///
  /// For an API or version this room does not know, nobody knows the header's version either: its fixed part is read, the
  /// client id as far as it can be, and the rest is left to the caller, who refuses the request.
  package init(from reader: inout ByteReader) throws(WireError) {
    apiKey = try reader.readInt16()
    apiVersion = try reader.readInt16()
    correlationId = try reader.readInt32()
    guard let api = APIKey(rawValue: apiKey), api.decodes(apiVersion) else {
      do { clientId = try reader.optionalText(false) } catch { clientId = nil }
      return
    }
    clientId = try reader.optionalText(false)
    if api.requestHeaderVersion(for: apiVersion) >= 2 {
      var tags = try TagReader(&reader)
      var dropped: [UnknownTag] = []
      while try tags.next(&reader) != nil { try tags.keep(&reader, in: &dropped) }
    }
  }

  /// Writes the header as the API's version wants it; clients and tools use it.
  package func encode(to writer: inout ByteWriter) {
    writer.writeInt16(apiKey)
    writer.writeInt16(apiVersion)
    writer.writeInt32(correlationId)
    writer.optionalText(clientId, false)
    if let api, api.requestHeaderVersion(for: apiVersion) >= 2 { writer.tags([]) }
  }
}

/// What stands before the body of every response.
package struct ResponseHeader: Sendable {
  /// The number the request came with.
  package var correlationId: Int32

  package init(correlationId: Int32) { self.correlationId = correlationId }

  /// Reads the header of a response of that API and version, and passes over its tags.
  package init(from reader: inout ByteReader, api: APIKey, version: Int16) throws(WireError) {
    correlationId = try reader.readInt32()
    if api.responseHeaderVersion(for: version) >= 1 { _ = try reader.unknownTags() }
  }

  /// Writes header version 0 (the number alone) or 1 (the number and no tags).
  package func encode(to writer: inout ByteWriter, headerVersion: Int16) {
    writer.writeInt32(correlationId)
    if headerVersion >= 1 { writer.tags([]) }
  }
}

extension APIKey {
  /// The versions whose bodies can be decoded.
  package var versions: ClosedRange<Int16> { minimumVersion...max(minimumVersion, maximumVersion) }

  /// Whether bodies of `version` can be decoded.
  package func decodes(_ version: Int16) -> Bool { versions.contains(version) }

  /// Whether `version` has compact lengths and tagged fields.
  package func isFlexible(_ version: Int16) -> Bool { flexibleFrom.map { version >= $0 } ?? false }

  /// The header version of a request: 2 where the body is flexible, else 1 (KIP-482).
  package func requestHeaderVersion(for version: Int16) -> Int16 { isFlexible(version) ? 2 : 1 }

  /// The header version of a response: 1 where the body is flexible, else 0; always 0 for ApiVersions, whose sender
  /// cannot know yet what the client understands (KIP-511).
  package func responseHeaderVersion(for version: Int16) -> Int16 {
    self != .apiVersions && isFlexible(version) ? 1 : 0
  }
}
