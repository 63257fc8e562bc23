#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using testing::eventually;
using testing::soon;

class ListenerTest : public testing::MessagingTest {
protected:
    explicit ListenerTest(std::vector<std::string> options = {"--memory", "64MiB"})
        : MessagingTest(std::move(options)) {}

    static void accept(Listener& listener, const std::string& expected) {
        const auto interest = listener.next(soon).value();
        EXPECT_EQ(shown(interest), expected);
        listener.accept(interest).value();
    }
    static void reject(Listener& listener, const std::string& expected) {
        const auto interest = listener.next(soon).value();
        EXPECT_EQ(shown(interest), expected);
        listener.reject(interest).value();
    }
    /// Returns when all earlier requests have been served.
    void settle() { client_.put("settled", "1").value(); }
    [[nodiscard]] bool becomes(const std::string& subject, bool has_provider) const {
        return eventually([&] { return client_.has_provider(subject).value() == has_provider; });
    }
};

TEST_F(ListenerTest, ListenerIsNotifiedWhenAWatchByNameBeginsAndEnds) {
    Listener listener = client_.listen("price/*").value();
    EXPECT_EQ(listener.poll().error(), Errc::would_block);
    auto first = std::make_unique<Watch>(client_.watch("price/1").value());
    accept(listener, "wanted price/1");
    EXPECT_TRUE(becomes("price/1", true));
    const Watch other = client_.watch("other").value();
    first.reset();
    EXPECT_EQ(next(listener), "unwanted price/1");
    EXPECT_TRUE(becomes("price/1", false));
    const Watch again = client_.watch("price/1").value();
    accept(listener, "wanted price/1");
    EXPECT_TRUE(becomes("price/1", true));
}

TEST_F(ListenerTest, ReplacedWatchDoesNotNotifyTheListener) {
    Listener listener = client_.listen("price/*").value();
    auto watch = std::make_unique<Watch>(client_.watch("price/1").value());
    accept(listener, "wanted price/1");
    for (int i = 0; i < 100; ++i) {
        watch = std::make_unique<Watch>(client_.subscribe("price/1").value());
        if (i % 2 == 0) settle();
    }
    settle();
    EXPECT_FALSE(listener.poll()) << "somebody has watched it all the time";
    watch.reset();
    EXPECT_EQ(next(listener), "unwanted price/1");
}

TEST_F(ListenerTest, ListenerIsAskedForEarlierWatches) {
    const Watch watch = client_.subscribe("price/1").value();
    Listener listener = client_.listen("price/*").value();
    EXPECT_EQ(next(listener), "wanted price/1");
}

TEST_F(ListenerTest, IsAskedForRecordsThatAPatternWatches) {
    client_.put("price/1", "1").value();
    Listener listener = client_.listen("price/**").value();
    auto watch = std::make_unique<Watch>(client_.watch("price/*").value());
    accept(listener, "wanted price/1");
    client_.put("price/2", "1").value();
    accept(listener, "wanted price/2");
    client_.remove("price/1").value();
    EXPECT_EQ(next(listener), "unwanted price/1");
    watch.reset();
    EXPECT_EQ(next(listener), "unwanted price/2");
}

TEST_F(ListenerTest, RejectedSubjectGoesToTheNextListener) {
    Listener first = client_.listen("a").value();
    const Watch watch = client_.subscribe("a").value();
    const auto interest = first.next(soon).value();
    Listener second = client_.listen("*").value();
    first.reject(interest).value();
    accept(second, "wanted a");
    EXPECT_TRUE(becomes("a", true));
    { const Listener gone = std::move(second); }
    EXPECT_TRUE(becomes("a", false)) << "the first one has said no";
}

/// A broker that waits only briefly for a listener, but asks again soon.
class ImpatientListenerTest : public ListenerTest {
protected:
    ImpatientListenerTest()
        : ListenerTest({"--memory", "64MiB", "--accept-timeout-ms", "100", "--rematch-interval-ms",
                        "100"}) {}
};

TEST_F(ImpatientListenerTest, SilentListenersSubjectGoesToTheNext) {
    Listener silent = client_.listen("a").value();
    const Watch watch = client_.subscribe("a").value();
    const auto interest = silent.next(soon).value();
    Listener second = client_.listen("*").value();
    // The second listener may be asked again if it was scheduled too late the first time.
    EXPECT_TRUE(eventually([&] {
        const auto asked = second.poll();
        if (asked && asked->kind == InterestKind::wanted) second.accept(*asked).value();
        return client_.has_provider("a").value();
    }));
    EXPECT_EQ(next(silent), "unwanted a");
    silent.accept(interest).value();  // too late
    settle();
    EXPECT_TRUE(client_.has_provider("a").value());
}

TEST_F(ListenerTest, SubjectOfAGoneListenerGoesToTheNext) {
    auto first = std::make_unique<Listener>(client_.listen("a").value());
    const Watch watch = client_.subscribe("a").value();
    accept(*first, "wanted a");
    Listener second = client_.listen("*").value();
    settle();
    EXPECT_EQ(second.poll().error(), Errc::would_block);
    first.reset();
    accept(second, "wanted a");
    EXPECT_TRUE(becomes("a", true));
}

TEST_F(ListenerTest, ServesWithHandlers) {
    std::mutex mutex;
    std::set<std::string> provided;
    Service service = client_
                          .listen(
                              "price/*",
                              [&](const std::string& subject) {
                                  const std::lock_guard lock(mutex);
                                  if (subject == "price/no") return false;
                                  EXPECT_TRUE(provided.insert(subject).second);
                                  return true;
                              },
                              [&](const std::string& subject) {
                                  const std::lock_guard lock(mutex);
                                  EXPECT_EQ(provided.erase(subject), 1U);
                              })
                          .value();
    const auto is_provided = [&](const std::string& subject) {
        const std::lock_guard lock(mutex);
        return provided.contains(subject);
    };
    auto watch = std::make_unique<Watch>(client_.watch("price/1").value());
    const Watch refused = client_.watch("price/no").value();
    EXPECT_TRUE(becomes("price/1", true));
    EXPECT_TRUE(is_provided("price/1"));
    watch.reset();
    EXPECT_TRUE(eventually([&] { return !is_provided("price/1"); }));
    EXPECT_FALSE(client_.has_provider("price/no").value());
}

TEST_F(ListenerTest, IsSeenByWatches) {
    Watch watch =
        client_.watch("price/1", {.what = WatchFor::changes | WatchFor::providers}).value();
    Watch pattern =
        client_.watch("**", {.mode = WatchMode::every, .what = WatchFor::providers}).value();
    auto listener = std::make_unique<Listener>(client_.listen("price/*").value());
    accept(*listener, "wanted price/1");
    EXPECT_EQ(next(watch), "provided price/1");
    EXPECT_EQ(next(pattern), "provided price/1");
    client_.put("price/1", "4200").value();
    EXPECT_EQ(next(watch), "put price/1=4200");
    listener.reset();
    EXPECT_EQ(next(watch), "unprovided price/1");
    EXPECT_EQ(next(pattern), "unprovided price/1");
    EXPECT_EQ(drain(watch), "");
}

TEST_F(ListenerTest, IsSeenByWatchesThatComeLater) {
    Listener listener = client_.listen("price/*").value();
    const Watch interest = client_.watch("price/1").value();
    accept(listener, "wanted price/1");
    EXPECT_TRUE(becomes("price/1", true));
    client_.put("price/1", "4200").value();
    for (const char* watched : {"price/1", "price/*", "**"}) {
        Watch watch =
            client_
                .watch(watched, {.what = WatchFor::changes | WatchFor::providers, .initial = true})
                .value();
        EXPECT_EQ(next(watch), "current price/1=4200") << watched;
        EXPECT_EQ(next(watch), "provided price/1") << watched;
    }
    Watch providers = client_.watch("*/1", {.what = WatchFor::providers, .initial = true}).value();
    EXPECT_EQ(drain(providers), "provided price/1");
}

TEST_F(ListenerTest, IsNotAskedByWatchesOfProvidersOnlyOrOfTheGridItself) {
    Listener listener = client_.listen("**").value();
    const Watch providers = client_.watch("a", {.what = WatchFor::providers}).value();
    const Watch system = client_.watch("$sys/**").value();
    settle();
    EXPECT_EQ(listener.poll().error(), Errc::would_block);
    EXPECT_EQ(client_.has_provider("a//b").error(), Errc::bad_name);
}

TEST_F(ListenerTest, FollowsManySubjects) {
    Listener listener = client_.listen("**").value();
    std::vector<Watch> watches;
    for (int i = 0; i < 200; ++i) {
        watches.push_back(client_.subscribe("s/" + std::to_string(i)).value());
    }
    std::set<std::string> wanted;
    while (wanted.size() < 200) {
        const auto interest = listener.next(soon).value();
        ASSERT_EQ(interest.kind, InterestKind::wanted);
        ASSERT_TRUE(wanted.insert(interest.subject).second);
        listener.accept(interest).value();
    }
    EXPECT_TRUE(becomes("s/199", true));
    watches.clear();
    while (!wanted.empty()) {
        const auto interest = listener.next(soon).value();
        ASSERT_EQ(interest.kind, InterestKind::unwanted);
        ASSERT_EQ(wanted.erase(interest.subject), 1U);
    }
}

TEST_F(ListenerTest, FullSessionIsReported) {
    std::vector<Watch> watches;
    Result<Watch> watch = client_.subscribe("a");
    for (; watch; watch = client_.subscribe("a")) watches.push_back(std::move(*watch));
    EXPECT_EQ(watch.error(), Errc::lane_limit);
    EXPECT_EQ(watches.size(), limits::declarations_per_session_max);
    watches.pop_back();
    EXPECT_TRUE(client_.subscribe("a"));
}

TEST_F(ListenerTest, WatchesWithoutInterestDoNotAskTheListener) {
    Listener listener = client_.listen("price/*").value();
    const Watch everything = client_.watch("price/1", {.is_interest = false}).value();
    settle();
    EXPECT_EQ(listener.poll().error(), Errc::would_block);
    auto want = std::make_unique<DeclaredInterest>(client_.declare_interest("price/1").value());
    accept(listener, "wanted price/1");
    EXPECT_TRUE(becomes("price/1", true));
    want->renew().value();
    settle();
    EXPECT_EQ(listener.poll().error(), Errc::would_block) << "it was wanted all the time";
    want.reset();
    EXPECT_EQ(next(listener), "unwanted price/1");
}

TEST_F(ListenerTest, ListenerIsAskedAgainWhenTheGridIsRecreated) {
    DeclaredInterest want = client_.declare_interest("price/1").value();
    grid_.stop();
    grid_.start();
    Listener listener = client_.listen("price/*").value();
    want.renew().value();
    accept(listener, "wanted price/1");
}

TEST_F(ListenerTest, PatternMustBeValid) {
    EXPECT_EQ(client_.declare_interest("$sys/session/*").error(), Errc::reserved_name);
    EXPECT_EQ(client_.declare_interest("a//b").error(), Errc::bad_pattern);
}

}  // namespace
}  // namespace ringside
