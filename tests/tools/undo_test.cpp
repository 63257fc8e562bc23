#include "tools/support/undo.hpp"

#include <gtest/gtest.h>

#include "tests/support/cli_test.hpp"

/// Restores records to their state at an earlier revision.
namespace ringside::tools {
namespace {

using testing::CliTest;
using testing::eventually;
using testing::Outcome;
using testing::TestGrid;

/// Between plan and commit, other clients change records.
class UndoTest : public ::testing::Test {
protected:
    TestGrid grid_{{"--memory", "64MiB"}};
    Client client_ = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    TransactionLimits limits_ = TransactionLimits::of_grid(grid_.name());

    [[nodiscard]] std::string read(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? to_json(record->document()) : "none";
    }
    /// Undoes what changed after `then`. Calls `between` when the plan is made.
    Undo undo(const Snapshot& then, const std::function<void()>& between) {
        const Snapshot now = client_.snapshot().value();
        const UndoPlan plan =
            make_undo_plan(client_, then, now, {"r/*", {}}, std::chrono::system_clock::now());
        between();
        Undo undo(client_, then, limits_, Grade::applied);
        undo.run(plan.steps);
        return undo;
    }
};

TEST_F(UndoTest, RecordThatIsChangedMeanwhileIsLeftAndReported) {
    for (int i = 0; i < 6; ++i) client_.put("r/" + std::to_string(i), "1").value();
    const Snapshot then = client_.snapshot().value();
    for (int i = 0; i < 4; ++i) client_.put("r/" + std::to_string(i), "2").value();
    client_.remove("r/4").value();
    client_.remove("r/5").value();
    client_.put("r/6", "2").value();
    client_.put("r/7", "2").value();

    const Undo done = undo(then, [&] {
        client_.put("r/1", "3").value();
        client_.remove("r/2").value();
        client_.put("r/4", "3").value();
        client_.put("r/6", "3").value();
    });

    EXPECT_EQ(done.conflicts, (std::vector<std::string>{"r/1", "r/2", "r/4", "r/6"}));
    EXPECT_EQ(done.restored, 3U);
    EXPECT_EQ(done.removed, 1U);
    EXPECT_EQ(done.transactions, 1U);
    EXPECT_EQ(read("r/0"), "1");
    EXPECT_EQ(read("r/1"), "3");
    EXPECT_EQ(read("r/2"), "none");
    EXPECT_EQ(read("r/3"), "1");
    EXPECT_EQ(read("r/4"), "3");
    EXPECT_EQ(read("r/5"), "1");
    EXPECT_EQ(read("r/6"), "3");
    EXPECT_EQ(read("r/7"), "none");
}

TEST_F(UndoTest, StepsBeyondTheLimitsTakeSeveralTransactions) {
    for (int i = 0; i < 10; ++i) client_.put("r/" + std::to_string(i), "1").value();
    const Snapshot then = client_.snapshot().value();
    for (int i = 0; i < 10; ++i) client_.put("r/" + std::to_string(i), "2").value();
    limits_.writes_max = 4;
    EXPECT_EQ(undo(then, [] {}).transactions, 3U);
    EXPECT_EQ(read("r/9"), "1");
    for (int i = 0; i < 10; ++i) client_.put("r/" + std::to_string(i), "2").value();
    limits_ = {.writes_max = 100, .bytes_max = 1};
    EXPECT_EQ(undo(then, [] {}).transactions, 10U);
    EXPECT_EQ(read("r/9"), "1");
}

TEST_F(UndoTest, RecordsThatAreTheSameNeedNoStep) {
    client_.put("r/0", R"({"a":1,"b":[1,2]})").value();
    client_.put("r/1", "1").value();
    const Snapshot then = client_.snapshot().value();
    client_.put("r/0", R"({"b":[1,2],"a":1})").value();
    client_.put("r/1", "1.0").value();
    const Undo done = undo(then, [] {});
    EXPECT_EQ(done.restored, 1U);
    EXPECT_EQ(read("r/1"), "1");
}

TEST_F(UndoTest, TimeToLiveIsPutBackOrHasEndedSince) {
    client_.put("r/0", "1", {.ttl = testing::never}).value();
    client_.put("r/1", "1", {.ttl = std::chrono::milliseconds(1)}).value();
    const Snapshot then = client_.snapshot().value();
    ASSERT_TRUE(eventually([&] { return client_.get("r/1").error() == Errc::not_found; }));
    client_.put("r/0", "2").value();
    client_.put("r/1", "2").value();
    const Undo done = undo(then, [] {});
    EXPECT_EQ(done.restored, 1U);
    EXPECT_EQ(done.removed, 1U);
    EXPECT_NE(client_.get("r/0").value().expires_ms(), 0U);
    EXPECT_EQ(read("r/1"), "none");
}

class UndoCommandTest : public CliTest {
protected:
    void put(Client& client, const std::string& name, const std::string& json) {
        client.put(name, json).value();
    }
    [[nodiscard]] Client attach(const std::string& program) const {
        return Client::attach({.grid = grid_.name(), .program = program, .timeout = testing::soon})
            .value();
    }
};

TEST_F(UndoCommandTest, DryRunPrintsTheStepsAndWritesNothing) {
    Client client = attach("test");
    put(client, "r/1", "1");
    put(client, "r/2", "1");
    const std::string then = std::to_string(client.revision());
    put(client, "r/1", "2");
    client.remove("r/2").value();
    put(client, "r/3", "2");
    const std::string at = std::to_string(client.get("r/1").value().revision());
    const std::string created_at = std::to_string(client.get("r/3").value().revision());
    expect("undo 'r/*' --dry-run --to " + then,
           R"({"name":"r/1","action":"put","changed_at":)" + at +
               "}\n"
               R"({"name":"r/2","action":"put"})"
               "\n"
               R"({"name":"r/3","action":"delete","changed_at":)" +
               created_at + "}");
    expect("ls 'r/*'", "r/1\nr/3");
    const Outcome undone = run("undo 'r/*' --to " + then);
    EXPECT_EQ(undone.status, 0) << undone.output;
    EXPECT_EQ(number_in(undone.output, "restored"), 2U);
    EXPECT_EQ(number_in(undone.output, "deleted"), 1U);
    EXPECT_EQ(number_in(undone.output, "transactions"), 1U);
    expect("scan 'r/*' | wc -l", "2");
    expect("get r/1", "1");
    expect("get r/2", "1");
    const Outcome again = run("undo 'r/*' --to " + then);
    EXPECT_EQ(again.output, R"({"restored":0,"deleted":0,"conflicts":0,"transactions":0})"
                            "\n");
}

TEST_F(UndoCommandTest, OnlyTheRecordsThatOneSessionChanged) {
    Client good = attach("good");
    Client bad = attach("bad");
    for (int i = 0; i < 4; ++i) put(good, "r/" + std::to_string(i), "1");
    const std::string then = std::to_string(good.revision());
    put(bad, "r/0", "2");
    put(good, "r/1", "3");
    put(bad, "r/2", "2");
    put(good, "r/2", "3");
    put(bad, "r/4", "2");
    const SessionId session = good.history("r/0").value().versions().front().writer->session;
    const Outcome undone = run("undo 'r/*' --to " + then + " --session " + std::to_string(session));
    EXPECT_EQ(undone.status, 1) << undone.output;
    EXPECT_NE(undone.output.find(": r/2 was also changed by other sessions"), std::string::npos)
        << undone.output;
    EXPECT_EQ(number_in(undone.output, "restored"), 1U);
    EXPECT_EQ(number_in(undone.output, "deleted"), 1U);
    EXPECT_EQ(number_in(undone.output, "conflicts"), 1U);
    expect("get r/0", "1");
    expect("get r/1", "3");
    expect("get r/2", "3");
    expect("ls 'r/*'", "r/0\nr/1\nr/2\nr/3");
}

TEST_F(UndoCommandTest, RevisionThatIsNotRetainedIsRefused) {
    Client client = attach("test");
    put(client, "r/1", "1");
    const std::string then = std::to_string(client.revision());
    put(client, "r/1", "2");
    client.compact().value();
    const Outcome refused = run("undo 'r/*' --to " + then);
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.output.rfind("ringside: compacted: ", 0), 0U) << refused.output;
    EXPECT_NE(refused.output.find("revision " + then), std::string::npos) << refused.output;
    expect("get r/1", "2");
    expect_status("undo 'r/*' --to 999999999", 1);
    expect_status("undo '$sys/**' --to 1", 2);
    expect_status("undo 'r**' --to " + std::to_string(client.revision()), 2);
    expect_status("undo 'r/*'", 2);
    expect_status("undo 'r/*' --to 1 --session 0", 2);
}

TEST(UndoOfABadLoad, RestoresTwentyThousandRecordsAmongOthersThatWereChanged) {
    constexpr int records = 20'000;
    constexpr int created = 2'000;
    TestGrid grid({"--memory", "256MiB"});
    Client client = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    const auto name = [](int i) { return "seat/" + std::to_string(i); };
    const auto load = [&](const std::function<void(Pipeline&)>& writes) {
        Pipeline pipeline = client.pipeline().value();
        writes(pipeline);
        pipeline.flush().value();
    };
    load([&](Pipeline& pipeline) {
        for (int i = 0; i < records; ++i)
            pipeline.put(name(i), R"({"status":"free","n":)" + std::to_string(i) + "}").value();
        for (int i = 0; i < 100; ++i) pipeline.put("other/" + std::to_string(i), "1").value();
    });
    const Revision then = client.revision();
    load([&](Pipeline& pipeline) {
        for (int i = 0; i < records; ++i) {
            if (i % 200 == 0) pipeline.put("other/" + std::to_string(i / 200), "2").value();
            if (i % 4 == 3) pipeline.remove(name(i)).value();
            else pipeline.put(name(i), "null").value();
        }
        for (int i = records; i < records + created; ++i) pipeline.put(name(i), "0").value();
    });

    const Outcome undone = testing::shell(std::string(built::cli) + " -g " + grid.name() +
                                          " undo 'seat/*' --to " + std::to_string(then));

    EXPECT_EQ(undone.status, 0) << undone.output;
    EXPECT_NE(undone.output.find(R"({"restored":20000,"deleted":2000,"conflicts":0,)"),
              std::string::npos)
        << undone.output;
    const Snapshot now = client.snapshot().value();
    int restored = 0;
    now.scan("seat/*",
             [&](const RecordView& record) {
                 const auto n = record.document()["n"].as_int64();
                 restored += n && record.name() == name(static_cast<int>(*n)) ? 1 : 0;
                 return true;
             })
        .value();
    EXPECT_EQ(restored, records);
    EXPECT_EQ(now.get(name(records)).error(), Errc::not_found);
    EXPECT_EQ(to_json(now.get("other/99").value().document()), "2");
}

}  // namespace
}  // namespace ringside::tools
