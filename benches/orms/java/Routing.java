import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.sql.Connection;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.AbstractDataSource;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Spring's {@code AbstractRoutingDataSource}, keyed by the flag of {@code @Transactional(readOnly = true)}, up to the
 * DataSource; counts processor time and prints the line that {@code cargo xtask bench --orms} reads.
 */
public final class Routing extends AbstractRoutingDataSource {
    private static final long WARM_UP = 500_000_000;
    private static final int ROUNDS = 15;
    private static final long ROUND = 10_000_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String[] REPLICAS = {"replica1", "replica2", "replica3"};

    /** Results go here, so that no step is optimised away. */
    private static Object sink;

    @Override
    protected Object determineCurrentLookupKey() {
        if (TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
            return REPLICAS[ThreadLocalRandom.current().nextInt(REPLICAS.length)];
        }
        return "primary";
    }

    private DataSource choose() {
        return determineTargetDataSource();
    }

    /** Stands for a pool: nothing is taken from it. */
    private static final class Pool extends AbstractDataSource {
        @Override
        public Connection getConnection() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Connection getConnection(String user, String password) {
            throw new UnsupportedOperationException();
        }
    }

    public static void main(String[] arguments) {
        DataSource primary = new Pool();
        Map<Object, Object> pools = new HashMap<>();
        Arrays.stream(REPLICAS).forEach(replica -> pools.put(replica, new Pool()));
        pools.put("primary", primary);
        Routing routing = new Routing();
        routing.setTargetDataSources(pools);
        routing.afterPropertiesSet();
        check(routing.choose() == primary, "a write");
        DataSource[] alone = {primary};

        Map<String, Supplier<Object>> steps = new LinkedHashMap<>();
        steps.put("alone", () -> alone[0]);
        steps.put("read", routing::choose);
        steps.put("write", routing::choose);
        Map<String, Long> calls = new HashMap<>();
        Map<String, double[]> times = new LinkedHashMap<>();
        steps.forEach((name, step) -> {
            begin(name);
            check((routing.choose() == primary) != name.equals("read"), name);
            calls.put(name, callsPerRound(step));
            times.put(name, new double[ROUNDS]);
        });
        // The steps take turns, so that whatever else the machine does slows all.
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, Supplier<Object>> step : steps.entrySet()) {
                String name = step.getKey();
                begin(name);
                times.get(name)[round] = nanos(step.getValue(), calls.get(name));
            }
        }
        String medians = times.entrySet().stream()
            .map(step -> String.format(Locale.ROOT, "\"%s\": %.2f", step.getKey(), median(step.getValue())))
            .collect(Collectors.joining(", "));
        System.out.printf(
            "{\"router\": \"Spring\", \"version\": \"%s\", \"runtime\": \"Java %s\", "
                + "\"step\": \"AbstractRoutingDataSource\", "
                + "\"guarantee\": \"none; by the transaction's readOnly flag, set by hand\", %s}%n",
            AbstractRoutingDataSource.class.getPackage().getImplementationVersion(),
            System.getProperty("java.version"),
            medians);
    }

    /** Begins a transaction of the kind that the step is in. */
    private static void begin(String step) {
        TransactionSynchronizationManager.setCurrentTransactionReadOnly(step.equals("read"));
    }

    private static void check(boolean isRight, String what) {
        if (!isRight) {
            throw new IllegalStateException(what + " is routed wrongly");
        }
    }

    /** Warms the step up and returns how many calls fill a round. */
    private static long callsPerRound(Supplier<Object> step) {
        double spent = 0;
        double time = 1;
        while (spent < WARM_UP) {
            time = nanos(step, 10_000);
            spent += time * 10_000;
        }
        return Math.max(Math.round(ROUND / time), 1);
    }

    private static double nanos(Supplier<Object> step, long calls) {
        long start = THREADS.getCurrentThreadCpuTime();
        for (long call = 0; call < calls; call++) {
            sink = step.get();
        }
        return (double) (THREADS.getCurrentThreadCpuTime() - start) / calls;
    }

    private static double median(double[] times) {
        Arrays.sort(times);
        return times[times.length / 2];
    }
}
