using MySqlConnector;

namespace Sluice.Source.MySql;

/// <summary>What a failure of the database means for the person who started the read, and what to do.</summary>
internal static class MySqlFaults
{
    public static SourceException Exception(DatabaseCredentials credentials, MySqlException e) =>
        new(Explain(credentials, e), e);

    public static string Explain(DatabaseCredentials credentials, MySqlException e) => e.ErrorCode switch
    {
        MySqlErrorCode.UnableToConnectToHost =>
            $"{credentials}: no server answers at {credentials.Host}:{credentials.Port} ({Innermost(e)}); check HOST and PORT, and that it runs.",
        MySqlErrorCode.AccessDenied =>
            $"{credentials}: the server refused the user or its password; check USER and PASSWORD.",
        MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.TableAccessDenied =>
            $"{credentials}: the user may not read there; check DATABASE, or grant the user SELECT on it.",
        MySqlErrorCode.UnknownDatabase =>
            $"{credentials}: the database '{credentials.Database}' does not exist; check DATABASE.",
        _ => $"{credentials}: the database failed ({e.ErrorCode}: {e.Message}); check the server's error log and start again.",
    };

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}
