#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "ringside/live_query.hpp"
#include "ringside/snapshot.hpp"
#include "tests/support/test_grid.hpp"

/// Names of the former release still compile, with a warning, and do the same as the present names.
namespace ringside {
namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

TEST(FormerNames, StillWork) {
    const testing::TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    client.put("seat/1", R"({"price":3})").value();
    client.put("seat/2", R"({"price":5})").value();

    const Snapshot snapshot = client.snapshot().value();
    const RecordMark mark = snapshot.mark(snapshot.get("seat/2").value());
    EXPECT_EQ(snapshot.record(mark).name(), "seat/2");

    const LiveDescription description =
        LiveDescription::of(scan("seat/*").aggregate({minimum("/price"), maximum("/price")}))
            .value();
    const LiveQuery live = client.live_query(description).value();
    EXPECT_EQ(live.rows().size(), 1U);

    const Pointer price = Pointer::parse("/price").value();
    EXPECT_TRUE(price.touches(Pointer::parse("").value()));
    const Watch watch = client.watch("seat/*").value();
    EXPECT_EQ(watch.boot_id(), watch.epoch());
    EXPECT_TRUE(watch.touches(price));

    Want want = client.want("seat/*").value();
    EXPECT_TRUE(want.renew());
    const Presence presence = client.present("ann").value();
    const OnSettled on_settled;
    const Provider provider = client.provide(on_settled).value();
    EXPECT_EQ(provider.settle(1, std::chrono::milliseconds(0)).error(), Errc::bad_request);
    const Calls calls = client.calls({}).value();
    EXPECT_EQ(calls.pending(), 0U);
}

#pragma GCC diagnostic pop

}  // namespace
}  // namespace ringside
