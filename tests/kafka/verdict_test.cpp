#include <gtest/gtest.h>

#include "tools/kafka/source/refusal.hpp"

namespace ringside::testing {
namespace {

using kafka::Verdict;
using kafka::verdict_of;

TEST(Verdict, FaultOfAMessageIsRecognised) {
    for (const Errc code : {Errc::bad_name, Errc::name_too_long, Errc::document_too_large,
                            Errc::too_deep, Errc::not_found, Errc::test_failed,
                            Errc::path_not_found, Errc::bad_patch, Errc::bad_document,
                            Errc::permission_denied, Errc::transaction_too_large, Errc::bad_ttl}) {
        EXPECT_EQ(verdict_of(code), Verdict::message) << name(code);
    }
}

TEST(Verdict, PositionResolvesADoubt) {
    for (const Errc code : {Errc::condition_failed, Errc::connection_lost, Errc::timed_out,
                            Errc::not_applied, Errc::not_durable, Errc::session_closed}) {
        EXPECT_EQ(verdict_of(code), Verdict::position) << name(code);
    }
}

TEST(Verdict, FullOrAbsentGridIsAwaited) {
    for (const Errc code :
         {Errc::grid_full, Errc::records_limit, Errc::read_only, Errc::memory_only, Errc::no_broker,
          Errc::would_block, Errc::no_such_grid, Errc::system_error, Errc::lane_limit}) {
        EXPECT_EQ(verdict_of(code), Verdict::grid) << name(code);
    }
}

}  // namespace
}  // namespace ringside::testing
