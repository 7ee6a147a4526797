import Coordination
import Testing

@Suite struct InternalTopicTests {
  /// Values that Java's `String.hashCode` gives, and Kafka's treatment of the smallest integer.
  @Test(arguments: [("", 0), ("a", 47), ("abc", 4), ("polygenelubricants", 0), ("grüße", 23)])
  func groupsFallWhereKafkaPutsThem(name: String, partition: Int32) {
    #expect(InternalTopic.partition(of: name, of: 50) == partition)
  }
}
