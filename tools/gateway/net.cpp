// Compiles the parts of Asio, Beast and Boost.URL that would otherwise be compiled in every source.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>
