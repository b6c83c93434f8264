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
        MySqlErrorCode.AccessDenied or MySqlErrorCode.DatabaseAccessDenied =>
            $"{credentials}: the server refused the user or its password; check USER, PASSWORD and the user's grants.",
        MySqlErrorCode.UnknownDatabase =>
            $"{credentials}: the database '{credentials.Database}' does not exist; check DATABASE.",
        _ => $"{credentials}: the database failed ({e.ErrorCode}: {e.Message}); check the server's error log and start again.",
    };

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}
