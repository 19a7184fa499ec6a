import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.nio.ByteBuffer;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

/** The simple work in Kafka Streams: per account the number of facts and the sum of their seconds, in RocksDB with its changelog. */
public class Sum {
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Content(long duration_s) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Fact(Content data) {}

    record Total(long count, long sum) {}

    static long seen;

    public static void main(String[] arguments) throws Exception {
        String servers = arguments[0], topic = arguments[1], folder = arguments[4];
        long facts = Long.parseLong(arguments[3]);
        CountDownLatch all = new CountDownLatch(1);
        KafkaStreams streams = new KafkaStreams(topology(topic, facts, all).build(), settings(servers, topic, folder));
        streams.start();
        all.await();
        streams.close();  // commits: what stands in memory goes to the changelog
    }

    static StreamsBuilder topology(String topic, long facts, CountDownLatch all) {
        Serde<Fact> fact = Serdes.serdeFrom((name, none) -> null, facts());
        Serde<Total> total = Serdes.serdeFrom(written(), read());
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(topic, Consumed.with(Serdes.String(), fact)).groupByKey().aggregate(
            () -> new Total(0, 0),
            (account, each, before) -> {
                if (seen++ == 0) System.out.println("first " + System.currentTimeMillis());
                if (seen == facts) all.countDown();
                return new Total(before.count + 1, before.sum + each.data.duration_s);
            },
            Materialized.<String, Total>as(Stores.persistentKeyValueStore("totals")).withKeySerde(Serdes.String()).withValueSerde(total));
        return builder;
    }

    static Properties settings(String servers, String topic, String folder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, topic + "-streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.producerPrefix("acks"), "all");
        settings.put(StreamsConfig.topicPrefix("message.timestamp.type"), "LogAppendTime");
        return settings;
    }

    static Deserializer<Fact> facts() {
        ObjectReader reader = new ObjectMapper().readerFor(Fact.class);
        return (topic, value) -> {
            try {
                return reader.readValue(value);
            } catch (java.io.IOException problem) {
                throw new java.io.UncheckedIOException(problem);
            }
        };
    }

    static Serializer<Total> written() {
        return (topic, total) -> total == null ? null : ByteBuffer.allocate(16).putLong(total.count).putLong(total.sum).array();
    }

    static Deserializer<Total> read() {
        return (topic, value) -> {
            if (value == null) return null;
            ByteBuffer buffer = ByteBuffer.wrap(value);
            return new Total(buffer.getLong(), buffer.getLong());
        };
    }
}
